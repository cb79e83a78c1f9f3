// A sample of each page of evidence, as HTML: of a run that people reviewed, and of a period with a finding.
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { readPeriod } from '../../../src/export/page/period.ts';
import { renderPeriodPage, renderRunPage } from '../../../src/export/page/render.ts';
import { readRunEvidence } from '../../../src/export/source.ts';
import { notRecoveredSample, recoveredSample } from '../report/samples.ts';
import { named, SampleReports } from './signed-run.ts';
import { addAttestation } from './verified.ts';

export const FACTS = `system: Shop
owner: Platform team
policy: { document: BCP-7 }
controls: [{ framework: SOC 2, id: A1.3, evidence-for: recovery is tested, not-evidence-for: how it is approved }]
frequency: [{ tag: nightly, every: 26h }]
exclusions: [{ object: registry logins, reason: none in use, accepted-by: Ada, until: 2027-06-01 }]
environment: one machine instead of five
`;

export async function sampleEvidencePages(): Promise<[string, string][]> {
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun({
    facts: FACTS,
    drills: [named(notRecoveredSample(), 'total-loss'), named(recoveredSample(), 'quorum-loss')],
  });
  await addAttestation(reports, directory, { role: 'reviewer', key: createKeyPair(), name: 'Rita' });
  await reports.addRun({ facts: FACTS, startedAt: '2026-11-24T02:15:07.120Z' });
  return [
    ['the evidence of a run', renderRunPage(await readRunEvidence(directory))],
    [
      'the evidence of a period',
      renderPeriodPage(await readPeriod(reports.path, '2026-11-01', '2026-11-30')),
    ],
  ];
}
