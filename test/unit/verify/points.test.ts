import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { sha256 } from '../../../src/support/sha256.ts';
import { readChain } from '../../../src/verify/read/certificates.ts';
import { OpensslAuthority } from '../../support/evidence/openssl-authority.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';
import { addAttestation, NOW, pin, pointOf, problemsOf } from '../../support/evidence/verified.ts';
import { inconclusiveSample, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

const exclusions = (until: string): string =>
  `exclusions: [{ object: registry logins, reason: none in use, accepted-by: Ada, until: ${until} }]\n`;
const nightly = 'frequency: [{ tag: nightly, every: 26h }]\n';

test('points 2 and 3: accepts time-stamps of a pinned authority around a run', async () => {
  using authority = new OpensslAuthority({ digest: 'sha512' });
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun({ authority, live: true });
  const pinned = await pin(reports, { timeAuthority: readChain(authority.chain), now: Date.now() });
  expect(await problemsOf(directory, pinned)).toEqual([]);
  const { outcomes, seen } = await pointOf(3, directory, pinned);
  expect(outcomes).toEqual(['passed']);
  expect(seen).toHaveLength(2);
});

test.each([
  [
    'a plan that was stamped after the first step',
    '2026-11-23T02:15:07.120Z',
    'plan.tsr: the plan was stamped after',
  ],
  [
    'an end that was stamped before the last step',
    '2039-11-23T02:15:07.120Z',
    'evidence.sigstore.json: the end was stamped before',
  ],
])('point 3: finds %s', async (_title, startedAt, problem) => {
  using authority = new OpensslAuthority({ key: 'ecdsa' });
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun({ authority, startedAt });
  const problems = await problemsOf(
    directory,
    await pin(reports, { timeAuthority: readChain(authority.chain), now: Date.parse(startedAt) + 3_600_000 }),
  );
  expect(problems).toEqual([expect.stringContaining(`3: ${problem}`)]);
});

test('points 2 and 3: a run without time-stamps is not decided if the auditor pins an authority', async () => {
  using authority = new OpensslAuthority({ key: 'ecdsa' });
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun();
  const pinned = await pin(reports, { timeAuthority: readChain(authority.chain) });
  expect(await pointOf(2, directory, pinned)).toMatchObject({ exitCode: 2, outcomes: ['not shown'] });
});

test('point 8: names the runs that are due and missing', async () => {
  await using reports = await SampleReports.create();
  await reports.addRun({ facts: nightly });
  await reports.addRun({ facts: nightly, startedAt: '2026-11-24T02:15:07.120Z' });
  expect(await pointOf(8, reports.path, await pin(reports))).toMatchObject({ outcomes: ['passed'] });
  const later = await pointOf(8, reports.path, await pin(reports, { now: NOW + 3 * 86_400_000 }));
  expect(later.problems).toEqual([
    {
      where: 'tag nightly',
      what: expect.stringMatching(
        /^3 due runs are missing between 2026-11-24T02:16:53.450Z and 2026-11-27T12:00:00.000Z$/,
      ),
      expected: 'a run with a result every 26h',
      got: 'none',
    },
  ]);
});

test('point 8: an inconclusive run is not a run with a result', async () => {
  await using reports = await SampleReports.create();
  await reports.addRun({ facts: nightly });
  await reports.addRun({
    facts: nightly,
    startedAt: '2026-11-24T02:15:07.120Z',
    drills: [inconclusiveSample()],
  });
  const { problems } = await pointOf(8, reports.path, await pin(reports));
  expect(problems).toMatchObject([{ got: 'only inconclusive runs: 2026-11-24T02-15-07Z' }]);
});

test('point 9: accepts an exclusion until its last day, and not after it', async () => {
  await using reports = await SampleReports.create();
  await reports.addRun({ facts: exclusions('2026-11-23') });
  const { directory } = await reports.addRun({
    facts: exclusions('2026-11-23'),
    startedAt: '2026-11-24T02:15:07.120Z',
  });
  const pinned = await pin(reports);
  expect(await pointOf(9, path.join(reports.path, '2026-11-23T02-15-07Z'), pinned)).toMatchObject({
    outcomes: ['passed'],
  });
  expect(await problemsOf(directory, pinned)).toEqual(['9: registry logins: the exception has expired']);
});

test('point 9: finds a kind of object that nothing compares and no one excludes', async () => {
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun({ facts: 'system: Shop\n' });
  expect(await problemsOf(directory, await pin(reports))).toEqual([
    expect.stringContaining('9: registry logins: no check compared it'),
  ]);
});

/** Makes a run that failed, a retest, and an attestation that links the two. */
async function closeFinding(retest: 'recovered' | 'not recovered' | 'changed'): Promise<string[]> {
  await using reports = await SampleReports.create();
  const reviewer = createKeyPair();
  const failed = await reports.addRun({ drills: [notRecoveredSample()] });
  const later = await reports.addRun({
    drills: [retest === 'not recovered' ? notRecoveredSample() : recoveredSample()],
    startedAt: '2026-11-24T02:15:07.120Z',
  });
  await addAttestation(reports, failed.directory, {
    role: 'closed-by',
    key: reviewer,
    finding: 'total-loss',
    retest: later.directory,
  });
  if (retest === 'changed')
    await writeFile(path.join(later.directory, 'total-loss/logs/m1.log'), 'another log');
  const people = { operators: [], approvers: [], reviewers: [reviewer] };
  return await problemsOf(failed.directory, await pin(reports, { people }));
}

test('point 10: a finding is closed by a later run that recovered and is sound', async () => {
  expect(await closeFinding('recovered')).toEqual([]);
});

test('point 10: finds a finding that was closed by a run that did not recover', async () => {
  expect(await closeFinding('not recovered')).toEqual([
    expect.stringMatching(/^10: .*closed-by.*: the finding was closed by a run that did not recover$/),
  ]);
});

test('point 10: finds a finding that was closed by a run that was changed', async () => {
  expect(await closeFinding('changed')).toEqual([
    expect.stringMatching(/^10: .*: the run that closes the finding does not pass its own points$/),
  ]);
});

test('point 10: accepts an open finding until it is due', async () => {
  await using reports = await SampleReports.create();
  const owner = createKeyPair();
  const { directory } = await reports.addRun({ drills: [notRecoveredSample()] });
  await addAttestation(reports, directory, { role: 'exception', key: owner, dueDate: '2026-11-24' });
  const people = { operators: [], approvers: [owner], reviewers: [] };
  expect(await problemsOf(directory, await pin(reports, { people }))).toEqual([]);
  expect(await problemsOf(directory, await pin(reports, { people, now: NOW + 86_400_000 }))).toEqual([
    '10: 2026-11-23T02-15-07Z/total-loss: the finding is overdue since 2026-11-24',
  ]);
});

test('point 11: accepts a reviewer of the list, with a key that runs no drills', async () => {
  await using reports = await SampleReports.create();
  const reviewer = createKeyPair();
  const { directory } = await reports.addRun();
  await addAttestation(reports, directory, { role: 'reviewer', key: reviewer });
  const people = { operators: [reports.key], approvers: [], reviewers: [reviewer] };
  expect(await pointOf(11, directory, await pin(reports, { people }))).toMatchObject({
    exitCode: 0,
    outcomes: ['passed'],
  });
});

test('point 11: finds a reviewer who ran the drills, or is not on the list', async () => {
  await using reports = await SampleReports.create();
  const stranger = createKeyPair();
  const { directory } = await reports.addRun();
  await addAttestation(reports, directory, { role: 'reviewer', key: reports.key });
  await addAttestation(reports, directory, { role: 'reviewer', key: stranger, name: 'Eve' });
  const people = { operators: [], approvers: [stranger], reviewers: [reports.key] };
  expect(await problemsOf(directory, await pin(reports, { people }))).toEqual([
    '11: attestations/001-reviewer.sigstore.json: the reviewer is who ran the drills',
    '11: attestations/002-reviewer.sigstore.json: Eve is not listed as reviewer',
  ]);
});

test('finds a dropped attestation, and one of another run', async () => {
  await using reports = await SampleReports.create();
  const reviewer = createKeyPair();
  const { directory } = await reports.addRun();
  const other = await reports.addRun({ startedAt: '2026-11-24T02:15:07.120Z' });
  const file = await addAttestation(reports, directory, { role: 'reviewer', key: reviewer });
  await addAttestation(reports, directory, { role: 'reviewer', key: reviewer });
  await writeFile(
    file,
    await readFile(await addAttestation(reports, other.directory, { role: 'reviewer', key: reviewer })),
  );
  const people = { operators: [], approvers: [], reviewers: [reviewer] };
  const problems = await problemsOf(directory, await pin(reports, { people }));
  expect(problems).toContain('4: attestations/001-reviewer.sigstore.json: is about another run');
  expect(problems).toContain(
    '4: attestations/002-reviewer.sigstore.json: does not follow the attestation before it: one was dropped or added',
  );
  expect(problems).toContain('7: 2026-11-23T02-15-07Z: an attestation is missing');
});

test('point 12: compares a file of the auditor with the artifacts of a run', async () => {
  await using reports = await SampleReports.create();
  const stored = Buffer.from('what the vault stored');
  const events = recoveredSample().map((event) =>
    event.event === 'artifact'
      ? { ...event, artifact: { ...event.artifact, sha256: sha256(stored) } }
      : event,
  );
  const { directory } = await reports.addRun({ drills: [events] });
  const file = path.join(reports.path, '..', 'backup');
  await writeFile(file, stored);
  const pinned = await pin(reports, { artifacts: [file] });
  expect((await pointOf(12, directory, pinned)).outcomes).toEqual(['passed']);
  await writeFile(file, 'what the vault stores');
  expect(await problemsOf(directory, pinned)).toEqual([`12: ${file}: no run restored from this file`]);
});
