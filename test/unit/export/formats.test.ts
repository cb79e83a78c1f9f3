import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { exportCycloneDx } from '../../../src/export/cyclonedx.ts';
import { exportOscal } from '../../../src/export/oscal.ts';
import { readRunEvidence } from '../../../src/export/source.ts';
import { uuidV5 } from '../../../src/export/uuid.ts';
import { AssessmentResults } from '../../support/evidence/oscal-model.ts';
import { named, SampleReports, type SampleRun } from '../../support/evidence/signed-run.ts';
import { addAttestation } from '../../support/evidence/verified.ts';
import { inconclusiveSample, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

const facts = `system: Shop
owner: Platform team
policy: { document: BCP-7 }
controls:
  - { framework: SOC 2, id: A1.3, evidence-for: recovery is tested, not-evidence-for: how it is approved }
  - { framework: ISO 27001, id: A.8.13 }
`;
const SAMPLES: Readonly<Record<string, SampleRun>> = {
  recovered: { facts },
  'not recovered': {
    facts,
    drills: [named(notRecoveredSample(), 'one'), named(recoveredSample(), 'two')],
  },
  inconclusive: { drills: [inconclusiveSample()] },
  unsigned: { key: null },
};

/** Makes a run and reads it; with people who reviewed it and took its findings on, if it is signed. */
async function readSample(sample: SampleRun) {
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun(sample);
  if (sample.key !== null) {
    await addAttestation(reports, directory, { role: 'reviewer', key: createKeyPair(), name: 'Rita' });
    await addAttestation(reports, directory, {
      role: 'exception',
      key: reports.key,
      finding: 'rows differ',
      dueDate: '2026-12-31',
    });
  }
  return await readRunEvidence(directory);
}

const schemas = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')),
  'res/schema',
);
const readSchema = (file: string): object => JSON.parse(readFileSync(file, 'utf8')) as object;
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
for (const part of ['spdx', 'jsf-0.82', 'cryptography-defs'])
  ajv.addSchema(
    readSchema(path.join(schemas, `${part}.SNAPSHOT.schema.json`)),
    `http://cyclonedx.org/schema/${part}.SNAPSHOT.schema.json`,
  );
const validateCycloneDx = ajv.compile(readSchema(path.join(schemas, 'bom-1.7.SNAPSHOT.schema.json')));

/** NIST's file, e.g. oscal_assessment-results_schema.json of release 1.2.1. */
const oscalSchema = process.env['OSCAL_SCHEMA'];

describe.each(Object.entries(SAMPLES))('a run that is %s', (_name, sample) => {
  test('is exported to CycloneDX that the published schema accepts', async () => {
    const document: unknown = JSON.parse(exportCycloneDx(await readSample(sample)));
    expect(validateCycloneDx(document), JSON.stringify(validateCycloneDx.errors, null, 1)).toBe(true);
    expect(validateCycloneDx({ ...(document as object), declarations: { claims: [{ target: 1 }] } })).toBe(
      false,
    );
  });

  test('is exported to OSCAL that the model accepts', async () => {
    const document: unknown = JSON.parse(exportOscal(await readSample(sample)));
    expect(AssessmentResults.safeParse(document).error).toBeUndefined();
  });

  test.runIf(oscalSchema)('is exported to OSCAL that the schema of NIST accepts (OSCAL_SCHEMA)', async () => {
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
      readSchema(oscalSchema ?? ''),
    );
    const document = JSON.parse(exportOscal(await readSample(sample))) as { 'assessment-results': object };
    expect(validate(document), JSON.stringify(validate.errors, null, 1)).toBe(true);
    expect(validate({ 'assessment-results': { ...document['assessment-results'], results: [] } })).toBe(
      false,
    );
  });

  test('is exported to the same bytes again', async () => {
    await using reports = await SampleReports.create();
    const { directory } = await reports.addRun(sample);
    const [first, second] = [await readRunEvidence(directory), await readRunEvidence(directory)];
    expect(exportOscal(second)).toBe(exportOscal(first));
    expect(exportCycloneDx(second)).toBe(exportCycloneDx(first));
  });
});

test('exports an inconclusive run as not satisfied, with the reason', async () => {
  const evidence = await readSample({ drills: [inconclusiveSample()] });
  const { 'assessment-results': results } = AssessmentResults.parse(JSON.parse(exportOscal(evidence)));
  expect(results.results[0]?.findings[0]?.target.status).toEqual({
    state: 'not-satisfied',
    reason: 'other',
    remarks: expect.stringMatching(/^inconclusive: total-loss: inconclusive: the journal stops in restore/),
  });
  const { declarations } = JSON.parse(exportCycloneDx(evidence)) as {
    declarations: { attestations: { map: { conformance: object }[] }[] };
  };
  expect(declarations.attestations[0]?.map[0]?.conformance).toMatchObject({ score: 0 });
});

test('exports a drill that failed as evidence against each control, and who reviewed it', async () => {
  const document = JSON.parse(exportCycloneDx(await readSample(SAMPLES['not recovered'] ?? {}))) as {
    declarations: { claims: object[]; evidence: object[]; affirmation: { signatories: object[] } };
  };
  const { claims, evidence, affirmation } = document.declarations;
  expect(claims).toMatchObject([
    { 'bom-ref': 'claim soc-2-a1.3', evidence: ['evidence two'], counterEvidence: ['evidence one'] },
    { 'bom-ref': 'claim iso-27001-a.8.13', counterEvidence: ['evidence one'] },
  ]);
  expect(evidence).toMatchObject([{ reviewer: { name: 'Rita' } }, { reviewer: { name: 'Rita' } }]);
  expect(affirmation.signatories).toMatchObject([{ name: 'Rita', role: 'reviewer' }]);
});

test('derives identifiers as RFC 9562 does', () => {
  // The example of its appendix A.4.
  expect(uuidV5('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});
