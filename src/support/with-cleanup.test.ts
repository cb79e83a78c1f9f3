import { describe, expect, test } from 'vitest';
import { seconds } from './clock.ts';
import { DrillError, finding } from './errors.ts';
import { waitUntil } from './poll.ts';
import { withTrace } from './trace.ts';
import { withCleanup, withRollback } from './with-cleanup.ts';

const undoing = { code: 'not-undone', limit: seconds(5) };
const fails = (error: Error) => () => Promise.reject(error);
const full = finding('the vault is full', { code: 'vault-full', output: 'no space left', hint: 'make room' });
const SILENT = { stepStarted: () => undefined, stepEnded: () => undefined, waiting: () => undefined };

describe('after work that went well', () => {
  test('it is undone, and its result is told', async () => {
    const done: string[] = [];
    const result = await withCleanup(
      async () => done.push('work'),
      async () => done.push('undo'),
      undoing,
    );
    expect([result, done]).toEqual([1, ['work', 'undo']]);
  });

  test('undoing that fails is a finding, whatever it was before', async () => {
    const work = () => Promise.resolve();
    await expect(withCleanup(work, fails(new Error('gone')), undoing)).rejects.toMatchObject({
      blame: 'finding',
      code: 'not-undone',
      message: 'gone',
    });
    await expect(withCleanup(work, fails(full), undoing)).rejects.toBe(full);
  });

  test('what is only undone on failure stays', async () => {
    const undo = fails(new Error('it was undone'));
    await expect(withRollback(() => Promise.resolve('kept'), undo, undoing)).resolves.toBe('kept');
  });
});

describe.for([
  { name: 'afterwards', guarded: withCleanup },
  { name: 'undoneOnFailure', guarded: withRollback },
])('after work that failed: $name', ({ guarded }) => {
  test('the cause is told as it is', async () => {
    let undone = false;
    await expect(guarded(fails(full), async () => (undone = true), undoing)).rejects.toBe(full);
    expect(undone).toBe(true);
  });

  test('when undoing fails too, both are told, and the cause comes first', async () => {
    const left = new DrillError('it is still there', { code: 'left', hint: 'remove it' });
    await expect(guarded(fails(full), fails(left), undoing)).rejects.toMatchObject({
      message: 'the vault is full; and then it is still there',
      code: 'not-undone',
      blame: 'finding',
      output: 'no space left',
      hint: 'make room; remove it',
      cause: full,
    });
  });

  test('work that was told to stop is undone with waits that still wait', async () => {
    const stop = new AbortController();
    const stopped = new Error('stopped by a person');
    let asked = 0;
    const work = () =>
      guarded(
        () => {
          stop.abort(stopped);
          return waitUntil('what never comes', async () => ({ notYet: 'no' }));
        },
        () =>
          waitUntil('the third time', async () => (++asked < 3 ? { notYet: `${asked}` } : { done: true })),
        undoing,
      );
    await expect(withTrace(SILENT, stop.signal, work)).rejects.toBe(stopped);
    expect(asked).toBe(3);
  });
});
