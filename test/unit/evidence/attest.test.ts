import { readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attest, type AttestRequest } from '../../../src/evidence/attest/attest.ts';
import { readSealedRun } from '../../../src/evidence/attest/sealed-run.ts';
import { readLedger } from '../../../src/evidence/ledger/read.ts';
import { payloadOf } from '../../../src/evidence/signing/bundle.ts';
import { createKeyPair, type KeyPair, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import { sha256 } from '../../../src/support/sha256.ts';
import { pin, problemsOf } from '../../support/evidence/verified.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';
import { notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

let reports: SampleReports;
const ben = createKeyPair();
beforeEach(async () => {
  reports = await SampleReports.create();
});
afterEach(() => reports[Symbol.asyncDispose]());

const by = ({ privatePem }: KeyPair) => parseSigningKey(privatePem, 'the key of the test');
const review = (directory: string, more: Partial<AttestRequest> = {}): AttestRequest => ({
  directory,
  role: 'reviewer',
  name: 'Ben',
  key: by(ben),
  comment: 'compared with BCP-7',
  allowed: undefined,
  ...more,
});
const failed = () => reports.addRun({ drills: [notRecoveredSample()] });
const exception = (directory: string, more: Partial<AttestRequest> = {}): AttestRequest =>
  review(directory, {
    role: 'exception',
    finding: 'total-loss',
    cause: 'an index is missing in the dump',
    owner: 'Ada',
    dueDate: '2027-01-31',
    ...more,
  });

test('shows who reviewed and approved on the pages, and states their new digests', async () => {
  const { directory, sealed } = await reports.addRun();
  const before = await readFile(join(directory, 'run.json'));
  const first = await attest(review(directory));
  expect(first).toEqual({ file: 'attestations/001-reviewer.sigstore.json', warnings: [] });
  await attest(review(directory, { role: 'approver', name: 'Cleo', comment: '<b>fine</b>' }));

  for (const page of ['index.html', 'total-loss/report.html']) {
    const html = await readFile(join(directory, page), 'utf8');
    expect(html).toMatch(
      /Reviewed by Ben, .* UTC <code>[0-9a-f]{12}<\/code> <small>compared with BCP-7<\/small>/,
    );
    expect(html).toContain('Approved by Cleo');
    expect(html).toContain('&lt;b&gt;fine');
    expect(html).not.toContain('Not in the ledger');
  }
  expect(await readFile(join(directory, 'run.json'))).toEqual(before);
  const names = await readdir(join(directory, 'attestations'));
  expect(names).toEqual(['001-reviewer.sigstore.json', '002-approver.sigstore.json']);
  const [one = '', two = ''] = await Promise.all(
    names.map(async (name) => payloadOf(await readFile(join(directory, 'attestations', name), 'utf8'))),
  );
  const subjects = (JSON.parse(two) as { subject: { name: string; digest: { sha256: string } }[] }).subject;
  expect(Object.fromEntries(subjects.map(({ name, digest }) => [name, digest.sha256]))).toEqual({
    run: sealed.digest,
    previous: sha256(one),
    'index.html': sha256(await readFile(join(directory, 'index.html'))),
    'total-loss/report.html': sha256(await readFile(join(directory, 'total-loss/report.html'))),
  });
  expect((await readLedger(reports.path)).entries.slice(-2)).toMatchObject([
    { event: 'attest', role: 'reviewer', statement: sha256(one), of: sealed.digest, key: ben.id },
    { event: 'attest', role: 'approver', statement: sha256(two) },
  ]);
  expect((await readSealedRun(directory)).attestations).toHaveLength(2);
});

test('finds the run behind a link, and names it by its directory', async () => {
  const { directory } = await reports.addRun();
  const link = join(reports.path, 'newest');
  await symlink(directory, link);
  await attest(review(link));
  expect((await readLedger(reports.path)).entries.at(-1)?.directory).toBe('2026-11-23T02-15-07Z');
  expect(await readFile(join(directory, 'index.html'), 'utf8')).toContain(
    '<span>Run 2026-11-23T02-15-07Z</span>',
  );
});

test('refuses a reviewer who ran the drills: by key, as operator of evidence.yml, and by name', async () => {
  const facts = `people: { operators: [{ name: Ada, key: ${reports.key.id} }] }`;
  const { directory } = await reports.addRun({ facts });
  for (const request of [review(directory, { key: by(reports.key) }), review(directory, { name: 'Ada' })])
    await expect(attest(request)).rejects.toMatchObject({
      blame: 'usage',
      message: expect.stringContaining('ran these drills') as string,
    });
  expect(await readdir(directory)).not.toContain('attestations');
  await attest(review(directory));
});

test('refuses a key that is not listed for the role', async () => {
  const { directory } = await reports.addRun();
  const other = createKeyPair().id;
  await expect(attest(review(directory, { allowed: [other] }))).rejects.toThrow('does not list the key');
  await attest(review(directory, { allowed: [other, ben.id] }));
});

test.each([
  ['a page', 'index.html'],
  ['a journal', 'total-loss/journal.jsonl'],
  ['a file that was added', 'notes.txt'],
])('signs nothing after %s was changed', async (_, file) => {
  const { directory } = await reports.addRun();
  await attest(review(directory));
  await writeFile(join(directory, file), 'changed');
  await expect(attest(review(directory))).rejects.toMatchObject({
    blame: 'finding',
    message: expect.stringContaining(`changed since it was sealed: ${file}`) as string,
  });
});

test('shows an exception with cause, owner and date, and the run that closes it', async () => {
  const { directory } = await failed();
  await attest(exception(directory, { ticket: 'OPS-17', suppressedUntil: '2027-02-28' }));
  const open = await readFile(join(directory, 'index.html'), 'utf8');
  for (const text of [
    'an index is missing in the dump',
    'OPS-17',
    '2027-01-31',
    'accepted until 2027-02-28',
    'open',
  ])
    expect(open).toContain(text);

  const later = await reports.addRun({ startedAt: '2026-11-24T02:00:00Z' });
  await attest(
    review(directory, { role: 'closed-by', finding: 'total-loss', retest: later.directory, name: 'Ada' }),
  );
  const closed = await readFile(join(directory, 'index.html'), 'utf8');
  expect(closed).toContain(`closed by the run with the statement ${later.sealed.digest.slice(0, 12)}`);
  expect((await readSealedRun(directory)).attestations.at(-1)?.retest).toBe(later.sealed.digest);
});

test.each([
  ['did not recover', '2026-11-24T02:00:00Z', notRecoveredSample(), 'total-loss was not-recovered in it'],
  ['was earlier', '2026-11-22T02:00:00Z', recoveredSample(), 'before the finding'],
])('refuses to close a finding by a run that %s', async (_, startedAt, events, reason) => {
  const { directory } = await failed();
  const other = await reports.addRun({ startedAt, drills: [events] });
  const request = review(directory, { role: 'closed-by', finding: 'total-loss', retest: other.directory });
  await expect(attest(request)).rejects.toMatchObject({
    blame: 'finding',
    message: expect.stringContaining(reason) as string,
  });
});

test('asks for what an exception needs, and for a drill that did not recover', async () => {
  const { directory } = await failed();
  const { cause: _, owner: __, ...without } = exception(directory);
  await expect(attest(without)).rejects.toThrow('attest --as exception: missing --cause, --owner');
  await expect(attest(exception(directory, { finding: 'worker-loss' }))).rejects.toThrow(
    'expected a drill of this run that did not recover (total-loss), got "worker-loss"',
  );
});

test('passes every point of the verifier: a finding, its exception, the retest that closes it, a review and an approval', async () => {
  const cleo = createKeyPair();
  const { directory } = await failed();
  await attest(exception(directory, { key: by(cleo), name: 'Cleo' }));
  const later = await reports.addRun({ startedAt: '2026-11-24T02:00:00Z' });
  const closing = { role: 'closed-by', finding: 'total-loss', retest: later.directory } as const;
  await attest(review(directory, { ...closing, key: by(cleo), name: 'Cleo' }));
  for (const run of [directory, later.directory]) {
    await attest(review(run));
    await attest(review(run, { role: 'approver', key: by(cleo), name: 'Cleo' }));
  }
  const people = { operators: [reports.key], reviewers: [ben], approvers: [cleo] };
  expect(await problemsOf(reports.path, await pin(reports, { people }))).toEqual([]);
});

test('refuses a run that is not sealed', async () => {
  const { directory } = await reports.startRun();
  await expect(attest(review(directory))).rejects.toThrow('the run is not sealed');
});
