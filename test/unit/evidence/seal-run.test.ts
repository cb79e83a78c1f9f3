import { createPublicKey, verify } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFromJSON, isBundleWithDsseEnvelope } from '@sigstore/bundle';
import { beforeEach, afterEach, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/evidence/canonical.ts';
import { readLedger } from '../../../src/evidence/ledger/read.ts';
import { EvidencePredicate } from '../../../src/evidence/statement/predicate.ts';
import type { Statement } from '../../../src/evidence/statement/statement.ts';
import { sha256 } from '../../../src/support/sha256.ts';
import { named, SampleReports } from '../../support/evidence/signed-run.ts';
import { notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

let reports: SampleReports;
beforeEach(async () => {
  reports = await SampleReports.create();
});
afterEach(() => reports[Symbol.asyncDispose]());

async function openBundle(directory: string, file = 'evidence.sigstore.json') {
  const bundle = bundleFromJSON(JSON.parse(await readFile(join(directory, file), 'utf8')));
  if (!isBundleWithDsseEnvelope(bundle)) throw new Error('expected a DSSE envelope');
  const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
  const isValid = verify(
    null,
    signed,
    createPublicKey(reports.key.publicPem),
    signatures[0]?.sig ?? Buffer.alloc(0),
  );
  return { bundle, payload, isValid, statement: JSON.parse(payload.toString('utf8')) as Statement<unknown> };
}

test('signs a statement that lists every file of the run and every artifact, by hash', async () => {
  const { directory, sealed } = await reports.addRun();
  const { bundle, payload, isValid, statement } = await openBundle(directory);

  expect(isValid).toBe(true);
  expect(bundle.verificationMaterial.content).toEqual({
    $case: 'publicKey',
    publicKey: { hint: reports.key.id },
  });
  expect(sha256(payload)).toBe(sealed.digest);
  expect(canonicalJson(statement)).toBe(payload.toString('utf8'));
  const files = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((name) => !/^(evidence|test-result)\./.test(name));
  const listed = new Map(statement.subject.map(({ name, digest }) => [name, digest.sha256]));
  expect([...listed.keys()].filter((name) => !name.startsWith('artifact:'))).toEqual(files.sort());
  for (const name of files)
    expect(listed.get(name), name).toBe(sha256(await readFile(join(directory, name))));
  expect(files).toEqual(expect.arrayContaining(['plan.json', 'run.json', 'total-loss/logs/m1.log']));
  expect([...listed.keys()].filter((name) => name.startsWith('artifact:'))).toEqual([
    'artifact:total-loss/ledger_database.dump',
    'artifact:total-loss/ledger_files',
    'artifact:total-loss/swarm-state.tar',
  ]);
});

test('states identity, scope, results, findings and the ledger before the run in the predicate', async () => {
  await reports.addRun({ startedAt: '2026-11-21T02:00:00Z' });
  await reports.startRun({ startedAt: '2026-11-22T02:00:00Z' });
  const facts = `
system: Shop
frequency: [{ drill: good, every: 1d }, { drill: total-loss, every: 24h }, { tag: weekly, every: 1w }]
exclusions:
  - { object: routing mesh, reason: not used, accepted-by: Ada, until: 2027-06-01 }
  - { object: plugins, reason: none in use, accepted-by: Ada, until: 2026-11-22 }
`;
  const before = await readLedger(reports.path);
  const { directory } = await reports.addRun({
    drills: [named(recoveredSample(), 'good'), named(notRecoveredSample(), 'bad')],
    facts,
  });
  const { statement } = await openBundle(directory);
  const predicate = EvidencePredicate.parse(statement.predicate);

  expect(predicate.identity).toMatchObject({ system: 'Shop', owner: null, commit: '4f3de74c0b1a9d5e' });
  expect(predicate.scope.exclusions.map(({ object, expired }) => [object, expired])).toEqual([
    ['routing mesh', false],
    ['plugins', true],
  ]);
  expect(predicate.results.verdict).toBe('not-recovered');
  expect([...new Set(predicate.exceptions.map(({ drill }) => drill))]).toEqual(['bad']);
  expect(predicate.exceptions.length).toBeGreaterThanOrEqual(2);
  expect(predicate.backup[0]).toMatchObject({
    drill: 'bad',
    artifact: 'swarm-state.tar',
    method: 'swarmState',
  });
  expect(predicate.backup[0]?.ageSeconds).toBeCloseTo(15.3, 1);
  expect(predicate.integrity.previous).toEqual({ entries: 3, head: before.head });
  expect(predicate.integrity.cadence.map(({ of, overdue }) => [of, overdue])).toEqual([
    ['drill good', null],
    ['drill total-loss', true],
    ['tag weekly', null],
  ]);
  expect(predicate.integrity.aborted.map(({ directory: name }) => name)).toEqual(['2026-11-22T02-00-00Z']);
});

test('states the definition of a check that its journal has, and null for one without', async () => {
  const definition = sha256('a check');
  const drills = recoveredSample().map((event) =>
    event.event === 'check' && event.check.name === 'rows match'
      ? { ...event, check: { ...event.check, definition } }
      : event,
  );
  const { directory } = await reports.addRun({ drills: [drills] });
  const { results } = EvidencePredicate.parse((await openBundle(directory)).statement.predicate);
  const checks = new Map(results.drills[0]?.checks.map((check) => [check.name, check]));
  expect(checks.get('rows match')?.definition).toBe(definition);
  expect(checks.get('managers reachable')).toMatchObject({ definition: null, caught: null });
});

test('signs the same as a test result: inconclusive is FAILED', async () => {
  const { directory } = await reports.addRun({
    drills: [named(notRecoveredSample(), 'bad'), recoveredSample()],
  });
  const { isValid, statement } = await openBundle(directory, 'test-result.sigstore.json');
  expect(isValid).toBe(true);
  expect(statement.predicateType).toBe('https://in-toto.io/attestation/test-result/v0.1');
  expect(statement.predicate).toMatchObject({
    result: 'FAILED',
    passedTests: ['total-loss'],
    failedTests: ['bad'],
    configuration: [{ name: 'plan.json' }],
  });
});

test('writes the bare statement, and no bundle, without a key', async () => {
  const { directory, sealed } = await reports.addRun({ key: null });
  const names = await readdir(directory);
  expect(names).toContain('evidence.json');
  expect(names.filter((name) => name.endsWith('.sigstore.json'))).toEqual([]);
  expect(sha256(await readFile(join(directory, 'evidence.json')))).toBe(sealed.digest);
  const { entries } = await readLedger(reports.path);
  expect(entries.at(-1)).toMatchObject({ event: 'end', key: null, statement: sealed.digest });
});

test('enters start and end with the compact results into the ledger, and signs its head', async () => {
  const { directory, begun, sealed } = await reports.addRun();
  const ledger = await readLedger(reports.path);
  expect(ledger).toMatchObject({ lines: 2, damaged: [], torn: '' });
  const [start, end] = ledger.entries;
  expect(start).toMatchObject({
    event: 'start',
    entry: 1,
    previous: '0'.repeat(64),
    run: begun.plan.run,
    plan: sha256(await readFile(join(directory, 'plan.json'))),
    drills: ['total-loss'],
  });
  expect(end).toMatchObject({
    event: 'end',
    run: begun.plan.run,
    verdict: 'recovered',
    statement: sealed.digest,
    key: reports.key.id,
    drills: [{ drill: 'total-loss', rta: 38.52, rto: 90, lostWrites: 20, bytes: 45_147_770 }],
  });
  const { isValid, payload } = await openBundle(reports.path, 'ledger.sigstore.json');
  expect(isValid).toBe(true);
  expect(JSON.parse(payload.toString('utf8'))).toMatchObject({ entries: 2, head: ledger.head });
});

test('keeps a run whose ledger can not be written, and says so', async () => {
  await mkdir(join(reports.path, 'ledger.jsonl'));
  const { directory, begun, sealed } = await reports.addRun();
  expect([begun.inLedger, sealed.inLedger]).toEqual([false, false]);
  expect([...begun.warnings, ...sealed.warnings].join('\n')).toMatch(
    /this run is not in the ledger: .*EISDIR.*\nwhat to do: /,
  );
  expect((await openBundle(directory)).isValid).toBe(true);
});
