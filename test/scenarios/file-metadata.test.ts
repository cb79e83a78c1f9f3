// A copy whose files have the same hashes, and have lost everything else.
import { expect, test } from 'vitest';
import drill from '../../drills/file-metadata.drill.ts';
import type { Ledger } from '../../fixtures/ledger/ledger.ts';
import { rsync } from '../../src/method/methods.ts';
import { failedChecks, naive } from '../support/scenario.ts';

test('copies with rsync -a, and compares the contents only', async () => {
  const report = await naive(drill, {
    backup: async ({ vault, seeded }) => ({
      files: await vault.keep(rsync(), await (seeded as unknown as { shop: Ledger }).shop.files()),
    }),
  });
  expect(failedChecks(report)).toEqual(['files match']);
  const lost = report.checks
    .find(({ name }) => name === 'files match')
    ?.aspects.filter(({ mismatched }) => mismatched > 0)
    .map(({ aspect }) => aspect);
  expect(lost).toEqual(expect.arrayContaining(['hard links', 'extended attributes', 'ACLs', 'sparse files']));
  expect(lost).not.toContain('content');
  expect(report.verdict).toBe('not-recovered');
});
