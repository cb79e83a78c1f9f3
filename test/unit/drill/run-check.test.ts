import { expect, test } from 'vitest';
import { hashDefinition, runCheck } from '../../../src/drill/run-check.ts';
import type { Check } from '../../../src/model/check.ts';

const check: Check = {
  name: 'rows match',
  required: true,
  doesNotProve: 'that the application reads them',
  covers: ['database rows'],
  observe: async () => ({ compared: 3, differences: [] }),
};

test('records what a check is, the same for the same check', async () => {
  const results = [await runCheck(check), await runCheck({ ...check })];
  for (const { definition } of results) expect(definition).toBe(hashDefinition(check));
  expect(hashDefinition(check)).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[string, Partial<Check>]>([
  ['its name', { name: 'other rows match' }],
  ['whether it is required', { required: false }],
  ['what it leaves open', { doesNotProve: 'nothing' }],
  ['what it covers', { covers: ['database rows', 'database roles'] }],
  ['its aspect', { aspect: 'owner' }],
  ['what it compares', { observe: async () => ({ compared: 3, differences: [], detail: 'looked away' }) }],
])('is another definition after a change of %s', (_, change) => {
  expect(hashDefinition({ ...check, ...change })).not.toBe(hashDefinition(check));
});
