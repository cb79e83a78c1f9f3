// The table of what was compared, and what was left out of it.
import { expect, test } from 'vitest';
import { coverageOf } from '../../../src/drill/coverage.ts';
import { runCheck } from '../../../src/drill/run-check.ts';
import type { Check } from '../../../src/model/check.ts';

const inventory = { objects: { volumes: { 'node-1/files': {} } }, topology: [] };
const check = (excluded: { what: string; count: number }[]): Check => ({
  name: 'files match',
  required: true,
  doesNotProve: '',
  covers: ['volume contents'],
  observe: async () => ({ compared: 7, differences: [], excluded }),
});

async function rowOf(object: string, one: Check) {
  return coverageOf([one], [await runCheck(one)], inventory).find((row) => row.object === object);
}

test('names what a check left out, with the number of things', async () => {
  const excluding = check([{ what: 'uploads/probes', count: 11 }]);
  expect(await rowOf('volume contents', excluding)).toEqual({
    object: 'volume contents',
    count: null,
    checkedBy: ['files match'],
    reason: '',
    excluded: ['files match: uploads/probes (11)'],
  });
  expect((await runCheck(excluding)).excluded).toEqual([{ what: 'uploads/probes', count: 11 }]);
});

test('does not name an exclusion that left nothing out', async () => {
  expect(await rowOf('volume contents', check([{ what: 'nowhere', count: 0 }]))).toMatchObject({
    excluded: [],
  });
});

test('lists no exclusion for what the check does not cover', async () => {
  expect(await rowOf('volumes', check([{ what: 'uploads/probes', count: 11 }]))).toMatchObject({
    checkedBy: [],
    excluded: [],
    count: 1,
  });
});
