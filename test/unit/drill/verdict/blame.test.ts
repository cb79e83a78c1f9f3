// The verdict follows whose command failed, not the phase in which it failed.
import { expect, test } from 'vitest';
import { explainFailure } from '../../../../src/drill/verdict/blame.ts';
import { DrillError, finding, labFailure, usage } from '../../../../src/support/errors.ts';

const HERE = import.meta.filename;
const notStarted = labFailure('sh: the engine did not start it', { code: 'exec-not-started' });

test.for([
  ['a backup tool that failed', finding('tar: exit code 2', { code: 'tar-failed' }), 'backup', 'finding'],
  [
    'a restore that failed',
    new DrillError('tar: exit code 2', { code: 'command-failed' }),
    'restore',
    'finding',
  ],
  ['an engine that refuses a service', new Error('invalid reference format'), 'restore', 'finding'],
  [
    'a workload that does not answer',
    new DrillError('no', { code: 'wait-timeout' }),
    'first-response',
    'finding',
  ],
  ['a workload that does not start', new DrillError('no', { code: 'wait-timeout' }), 'seed', 'harness'],
  ['a program that the lab did not start', notStarted, 'restore', 'harness'],
  [
    'the same, reported as a failed restore',
    finding('unpacking failed', { code: 'tar-failed', cause: notStarted }),
    'restore',
    'harness',
  ],
  [
    'the same, among other errors',
    new AggregateError([new Error('x'), notStarted], 'two nodes'),
    'restore',
    'harness',
  ],
  ['a request that makes no sense', usage('no image "x"', 'Add it.'), 'restore', 'harness'],
] as const)('blames for %s', ([, error, phase, blame]) => {
  expect(explainFailure(error, phase, HERE).blame).toBe(blame);
});

const kept = {} as { readonly note: { restoreInto: () => void } };

test('finds a mistake in the drill’s own file inconclusive, and names its line', async () => {
  const mistake = await Promise.resolve()
    .then(() => kept.note.restoreInto())
    .catch((error: unknown) => error);
  const waited = new DrillError('waited 3 min for the application', { code: 'wait-timeout', cause: mistake });
  for (const error of [mistake, waited]) {
    const { blame, reason } = explainFailure(error, 'restore', HERE);
    expect(blame).toBe('harness');
    expect(reason).toMatch(
      /^test\/unit\/drill\/verdict\/blame\.test\.ts:\d+: TypeError: Cannot read properties of undefined/,
    );
  }
});

test('does not take an error that a restore met for a mistake in the drill', () => {
  const cause = new TypeError('x is undefined');
  const error = finding('the artifact is damaged', { code: 'artifact-damaged', cause });
  expect(explainFailure(error, 'restore', HERE)).toEqual({
    blame: 'finding',
    reason: 'the artifact is damaged: x is undefined',
  });
});
