import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/support/clock.ts';
import { DrillError, finding } from '../../../src/support/errors.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { withTrace } from '../../../src/support/trace.ts';
import { withCleanup, withRollback } from '../../../src/support/with-cleanup.ts';

const undoing = { code: 'not-undone', limit: seconds(5) };
const fails = (error: Error) => () => Promise.reject(error);
const full = finding('the vault is full', { code: 'vault-full', output: 'no space left', hint: 'make room' });
const SILENT = { stepStarted: () => undefined, stepEnded: () => undefined, waiting: () => undefined };

describe('after work that succeeded', () => {
  test('runs the undo and returns the result', async () => {
    const done: string[] = [];
    const result = await withCleanup(
      async () => done.push('work'),
      async () => done.push('undo'),
      undoing,
    );
    expect([result, done]).toEqual([1, ['work', 'undo']]);
  });

  test('turns a failed undo into a finding', async () => {
    const work = () => Promise.resolve();
    await expect(withCleanup(work, fails(new Error('gone')), undoing)).rejects.toMatchObject({
      blame: 'finding',
      code: 'not-undone',
      message: 'gone',
    });
    await expect(withCleanup(work, fails(full), undoing)).rejects.toBe(full);
  });

  test('keeps the result of work that succeeded with withRollback', async () => {
    const undo = fails(new Error('it was undone'));
    await expect(withRollback(() => Promise.resolve('kept'), undo, undoing)).resolves.toBe('kept');
  });
});

describe.for([
  { name: 'withCleanup', guarded: withCleanup },
  { name: 'withRollback', guarded: withRollback },
])('after work that failed: $name', ({ guarded }) => {
  test('throws the cause unchanged', async () => {
    let undone = false;
    await expect(guarded(fails(full), async () => (undone = true), undoing)).rejects.toBe(full);
    expect(undone).toBe(true);
  });

  test('throws both reasons, the cause first, when the undo fails too', async () => {
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

  test('lets the undo of stopped work wait', async () => {
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
