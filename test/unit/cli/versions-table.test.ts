// The table of docs/engine-versions.md: a row for each drill of `versions`, compared with what a run found.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareTable } from '../../../.ci/versions-table.mjs';
import '../../../drills/versions.drill.ts';
import { declaredDrills } from '../../../src/drill/registry.ts';

const page = await readFile(join(import.meta.dirname, '../../../docs/engine-versions.md'), 'utf8');
const recovered = declaredDrills()
  .filter(({ name }) => name.startsWith('versions.'))
  .map(({ name }) => ({ name, verdict: 'recovered', reason: '' }));

test('has a row for each of the drills, and no other', () => {
  expect(recovered).toHaveLength(9);
  expect(compareTable(page, recovered)).toEqual({ page, differences: [] });
});

test('finds a result that is not the one of the run, and writes it', () => {
  const [first, ...others] = recovered;
  const failed = { name: first?.name ?? '', verdict: 'not-recovered', reason: 'it refused' };
  const { page: updated, differences } = compareTable(page, [failed, ...others]);
  expect(differences).toEqual([
    '20.10 to 20.10: the page says "everything", the run "not-recovered: it refused"',
  ]);
  expect(updated).toContain('| 20.10 | 20.10 | not-recovered: it refused |');
});

test('finds a row that the run has not tried, and a drill without a row', () => {
  const [first, ...others] = recovered;
  expect(first?.name).toBe('versions.20-10-to-20-10');
  const unknown = { name: 'versions.28-5-to-29-0', verdict: 'recovered', reason: '' };
  expect(compareTable(page, [...others, unknown]).differences).toEqual([
    '20.10 to 20.10: the run has no drill of it',
    '28.5 to 29.0: the page has no row of it',
  ]);
});
