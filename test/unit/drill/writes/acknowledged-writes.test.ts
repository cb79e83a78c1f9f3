// Which acknowledged writes a restore may lose, and which not.
import { expect, test } from 'vitest';
import { acknowledgedWritesPresent } from '../../../../src/drill/writes/acknowledged-writes.ts';
import { runCheck } from '../../../../src/drill/run-check.ts';

const continuous = {
  acknowledged: [
    { id: 'in the outage', afterRestore: false },
    { id: 'after', afterRestore: true },
  ],
};
const writes = { made: ['early'], continuous };

test('finds an acknowledged write that is lost although nothing may be', async () => {
  const [check] = acknowledgedWritesPresent(writes, ['early', 'after'], 'latest');
  expect(check && (await runCheck(check))).toMatchObject({
    name: 'acknowledged writes present',
    result: 'fail',
    compared: 3,
    differences: ['in the outage: was acknowledged and is missing'],
  });
});

test('passes when every write is there', async () => {
  const [check] = acknowledgedWritesPresent(writes, ['after', 'early', 'in the outage'], 'latest');
  expect(check && (await runCheck(check)).result).toBe('pass');
});

test('lets a restore from the backup lose what came after it, but not what the restored workload acknowledged', async () => {
  const [kept] = acknowledgedWritesPresent(writes, ['after'], 'backup');
  expect(kept && (await runCheck(kept)).result).toBe('pass');
  const [lost] = acknowledgedWritesPresent(writes, ['early', 'in the outage'], 'backup');
  expect(lost && (await runCheck(lost))).toMatchObject({ result: 'fail', compared: 1, mismatched: 1 });
});

test('is unproven when the restored workload acknowledged nothing', async () => {
  const nothing = { made: ['early'], continuous: { acknowledged: [] } };
  const [check] = acknowledgedWritesPresent(nothing, ['early'], 'backup');
  expect(check && (await runCheck(check)).result).toBe('unproven');
});

test('adds no check to a drill from the backup without continuous writes', () => {
  expect(acknowledgedWritesPresent({ made: ['early'], continuous: undefined }, [], 'backup')).toEqual([]);
});
