import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { attest } from '../../../src/evidence/attest/attest.ts';
import { createKeyPair, type KeyPair, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';
import { pin, pointOf, problemsOf } from '../../support/evidence/verified.ts';

const review = (directory: string, key: KeyPair) =>
  attest({
    directory,
    role: 'reviewer',
    name: 'Rita',
    comment: 'read it',
    key: parseSigningKey(key.privatePem, 'the key of the test'),
    allowed: undefined,
  });

test('accepts pages that were rendered again for an attestation, until one is changed', async () => {
  await using reports = await SampleReports.create();
  const [reviewer, approver] = [createKeyPair(), createKeyPair()];
  const { directory } = await reports.addRun();
  await review(directory, reviewer);
  await attest({
    directory,
    role: 'approver',
    name: 'Ada',
    comment: 'accepted',
    key: parseSigningKey(approver.privatePem, 'the key of the test'),
    allowed: undefined,
  });
  const people = { operators: [reports.key], approvers: [approver], reviewers: [reviewer] };
  const pinned = await pin(reports, { people, now: Date.now() });
  const { exitCode, seen } = await pointOf(11, directory, pinned);
  expect(await problemsOf(directory, pinned)).toEqual([]);
  // The entries of people are after the signed head, and count by the signatures of people.
  expect((await pointOf(7, directory, pinned)).outcomes).toEqual(['passed']);
  expect({ exitCode, seen }).toEqual({ exitCode: 0, seen: [expect.stringContaining('reviewed by Rita')] });

  const page = path.join(directory, 'index.html');
  const html = await readFile(page, 'utf8');
  expect(html).toContain('Reviewed by Rita');
  await writeFile(page, html.replace('Reviewed by Rita', 'Reviewed by Eve'));
  expect(await problemsOf(directory, pinned)).toEqual(['4: index.html: was changed']);
});

test('does not decide about entries that no one signed', async () => {
  await using reports = await SampleReports.create();
  const reviewer = createKeyPair();
  const { directory } = await reports.addRun();
  await review(directory, reviewer);
  const ledger = path.join(reports.path, 'ledger.jsonl');
  const text = await readFile(ledger, 'utf8');
  await writeFile(
    ledger,
    text.replace(/("at":"\d{4}-\d\d-)(\d)(\d)([^\n]*"event":"attest")/, '$1$2X$4').replace('X', '9'),
  );
  const people = { operators: [], approvers: [], reviewers: [reviewer] };
  const { exitCode, notShown } = await pointOf(7, directory, await pin(reports, { people }));
  expect({ exitCode, notShown }).toEqual({
    exitCode: 2,
    notShown: ['the last 1 entries are after the signed head: they were added without the key'],
  });
});
