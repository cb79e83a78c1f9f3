import { expect, test } from 'vitest';
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { readPeriod } from '../../../src/export/page/period.ts';
import { renderPeriodPage, renderRunPage } from '../../../src/export/page/render.ts';
import { readRunEvidence } from '../../../src/export/source.ts';
import { FACTS } from '../../support/evidence/pages.ts';
import { named, SampleReports } from '../../support/evidence/signed-run.ts';
import { addAttestation } from '../../support/evidence/verified.ts';
import { inconclusiveSample, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

/** Returns the text of a page without its markup. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<(style|head)>[^]*?<\/\1>/g, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&#39;/g, "'")
    .replaceAll(/\s+/g, ' ');

test('shows on the page of a run what an auditor asks for, and what is not there', async () => {
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun({
    facts: FACTS,
    drills: [named(notRecoveredSample(), 'bad'), named(recoveredSample(), 'good')],
  });
  const before = textOf(renderRunPage(await readRunEvidence(directory)));
  expect(before).toContain('Not reviewed');
  expect(before).toContain('Not approved');
  await addAttestation(reports, directory, { role: 'reviewer', key: createKeyPair(), name: 'Rita' });
  await addAttestation(reports, directory, {
    role: 'exception',
    key: reports.key,
    finding: 'bad',
    dueDate: '2026-12-31',
  });
  const page = textOf(renderRunPage(await readRunEvidence(directory)));
  for (const expected of [
    'Restore drills of Shop',
    'Not recovered',
    'SOC 2 A1.3 recovery is tested how it is approved',
    'Reviewer Rita',
    'Not approved',
    'registry logins none in use Ada 2027-06-01',
    'due 2026-12-31',
    'one machine instead of five',
    'no outside time',
    reports.key.id,
    'that the machine which ran the drills was honest',
  ])
    expect(page).toContain(expected);
  expect(page).not.toContain('Not reviewed');
});

test('cuts long lists of a run, so that it fits on four pages, and says by how much', async () => {
  await using reports = await SampleReports.create();
  const drills = Array.from({ length: 33 }, (_, index) => named(recoveredSample(), `drill-${index}`));
  const page = textOf(renderRunPage(await readRunEvidence((await reports.addRun({ drills })).directory)));
  expect(page).toContain('And 3 drills more, in evidence and in run.json.');
});

test('shows on the page of a period the population, findings with remediation, and what is missing', async () => {
  await using reports = await SampleReports.create();
  const failed = await reports.addRun({ facts: FACTS, drills: [notRecoveredSample()] });
  const retest = await reports.addRun({ facts: FACTS, startedAt: '2026-11-24T02:15:07.120Z' });
  await reports.addRun({
    facts: FACTS,
    startedAt: '2026-11-25T02:15:07.120Z',
    drills: [inconclusiveSample()],
  });
  await reports.startRun({ facts: FACTS, startedAt: '2026-11-26T02:15:07.120Z' });
  await reports.addRun({ facts: FACTS, startedAt: '2026-12-01T02:15:07.120Z' });
  const open = textOf(renderPeriodPage(await readPeriod(reports.path, '2026-11-23', '2026-11-30')));
  for (const expected of [
    '4 runs started, 3 ended, 1 recovered completely',
    'total-loss 3 1 1 1 2026-11-24',
    '1 run started and did not end: 2026-11-26T02-15-07Z',
    '3 runs not reviewed',
    '1 finding open',
    '6 due runs between 2026-11-24 and 2026-12-01: tag nightly every 26h',
    'registry logins none in use Ada 2027-06-01',
  ])
    expect(open).toContain(expected);
  expect(open).not.toContain('2026-12-01T02-15-07Z');
  await addAttestation(reports, failed.directory, {
    role: 'closed-by',
    key: createKeyPair(),
    finding: 'total-loss',
    retest: retest.directory,
  });
  const closed = textOf(renderPeriodPage(await readPeriod(reports.path, '2026-11-23', '2026-11-30')));
  expect(closed).toContain('2026-11-24T02-15-07Z, by Ada');
  expect(closed).not.toContain('finding open');
});

test('refuses a period that is none, and reports without a ledger', async () => {
  await using reports = await SampleReports.create();
  await expect(readPeriod(reports.path, '2026-11-23', '2026-11-30')).rejects.toMatchObject({
    blame: 'usage',
  });
  await expect(readPeriod(reports.path, 'July', '2026-11-30')).rejects.toMatchObject({
    message: 'expected a date, got "July"',
  });
});
