// A directory of reports that passes the verifier, for tests that break one thing in it.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { canonicalJson } from '../../../src/evidence/canonical.ts';
import { appendEntry } from '../../../src/evidence/ledger/append.ts';
import type { AttestationRole } from '../../../src/evidence/ledger/entry.ts';
import { IN_TOTO, payloadOf, renderBundle, signPayload } from '../../../src/evidence/signing/bundle.ts';
import { type KeyPair, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import { sha256 } from '../../../src/support/sha256.ts';
import type { Pinned } from '../../../src/verify/context.ts';
import { readPublicKey } from '../../../src/verify/read/keys.ts';
import { readPeople } from '../../../src/verify/read/people.ts';
import type { PointNumber } from '../../../src/verify/result.ts';
import { verifyEvidence } from '../../../src/verify/verify.ts';
import type { SampleReports } from './signed-run.ts';

/** A day after the last sample. */
export const NOW = Date.parse('2026-11-24T12:00:00Z');

/** Writes a public key to a file next to the reports. @returns the path */
export async function writeKey(reports: SampleReports, { publicPem, id }: KeyPair): Promise<string> {
  const file = path.join(reports.path, '..', `${id.slice(0, 8)}.pem`);
  await writeFile(file, publicPem);
  return file;
}

/** Pins the key of the directory, and people if there are any. */
export async function pin(
  reports: SampleReports,
  { people, ...more }: Partial<Omit<Pinned, 'people'>> & { people?: PeopleOfTests } = {},
): Promise<Pinned> {
  return {
    keys: [readPublicKey(await writeKey(reports, reports.key))],
    people: people ? readPeople(await writePeople(reports, people)) : null,
    persons: [],
    timeAuthority: null,
    artifacts: [],
    earlierHead: null,
    now: NOW,
    ...more,
  };
}

export type PeopleOfTests = Readonly<Record<'operators' | 'reviewers' | 'approvers', readonly KeyPair[]>>;

async function writePeople(reports: SampleReports, people: PeopleOfTests): Promise<string> {
  const file = path.join(reports.path, '..', 'evidence.yml');
  const lines = ['people:'];
  for (const [role, keys] of Object.entries(people)) {
    lines.push(`  ${role}:${keys.length === 0 ? ' []' : ''}`);
    for (const key of keys)
      lines.push(`    - { name: ${role}, key: ${path.basename(await writeKey(reports, key))} }`);
  }
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** Verifies, and returns the problems of each point as `point: where: what`. */
export async function problemsOf(target: string, pinned: Pinned): Promise<string[]> {
  const { points } = await verifyEvidence(target, pinned);
  return points.flatMap(({ point, problems }) =>
    problems.map(({ where, what }) => `${point}: ${where}: ${what}`),
  );
}

/** Verifies, and returns what one point says. */
export async function pointOf(point: PointNumber, target: string, pinned: Pinned) {
  const { points, exitCode } = await verifyEvidence(target, pinned);
  const found = points.filter((result) => result.point === point);
  return {
    exitCode,
    outcomes: found.map(({ outcome }) => outcome),
    problems: found.flatMap(({ problems }) => problems),
    notShown: found.flatMap(({ notShown }) => notShown),
    seen: found.flatMap(({ seen }) => seen),
  };
}

export interface SampleAttestation {
  readonly role: AttestationRole;
  readonly key: KeyPair;
  readonly name?: string;
  readonly finding?: string;
  readonly dueDate?: string;
  /** Directory of the run that closes the finding. */
  readonly retest?: string;
}

/** Adds a statement of a person to a run and to the ledger, as `attest` does, without rendering pages. */
export async function addAttestation(
  reports: SampleReports,
  directory: string,
  { role, key, name = 'Ada', retest, ...more }: SampleAttestation,
): Promise<string> {
  const folder = path.join(directory, 'attestations');
  await mkdir(folder, { recursive: true });
  const files = (await readdir(folder)).sort();
  const last = files.at(-1);
  const statement = await digestOf(path.join(directory, 'evidence.sigstore.json'));
  const previous = last === undefined ? [] : [await digestOf(path.join(folder, last))];
  const payload = canonicalJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: 'run', digest: { sha256: statement } },
      ...previous.map((hash) => ({ name: 'previous', digest: { sha256: hash } })),
    ],
    predicateType: 'https://swarm-drill.dev/attestation/v1',
    predicate: {
      role,
      person: { name, key: key.id },
      at: '2026-11-24T09:00:00.000Z',
      comment: 'seen',
      ...more,
      ...(retest !== undefined && { retest: await digestOf(path.join(retest, 'evidence.sigstore.json')) }),
    },
  });
  const signed = signPayload(payload, IN_TOTO, parseSigningKey(key.privatePem, 'the key of the test'));
  const file = path.join(folder, `${String(files.length + 1).padStart(3, '0')}-${role}.sigstore.json`);
  await writeFile(file, renderBundle(signed));
  const entry = await runEntry(reports, directory);
  await appendEntry(
    reports.path,
    {
      event: 'attest',
      run: entry.run,
      directory: path.basename(directory),
      role,
      statement: sha256(payload),
      of: statement,
      key: key.id,
    },
    parseSigningKey(reports.key.privatePem, 'the key of the test'),
  );
  return file;
}

const digestOf = async (bundle: string): Promise<string> => sha256(payloadOf(await readFile(bundle, 'utf8')));

async function runEntry({ path: home }: SampleReports, directory: string): Promise<{ run: string }> {
  const lines = (await readFile(path.join(home, 'ledger.jsonl'), 'utf8')).trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { run: string; directory: string });
  const found = entries.find((entry) => entry.directory === path.basename(directory));
  if (!found) throw new Error(`the ledger does not have ${directory}`);
  return found;
}
