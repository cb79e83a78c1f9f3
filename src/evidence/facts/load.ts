// Reads evidence.yml. A mistake in it is an error before anything starts, with its line.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { usage } from '../../support/errors.ts';
import { sha256 } from '../../support/sha256.ts';
import { parseYaml } from '../../support/yaml.ts';
import { parseKeyId } from '../signing/keys.ts';
import { EvidenceFacts, type Person } from './schema.ts';

export const FACTS_FILE = 'evidence.yml';
const HINT = 'Correct the file; docs/evidence.schema.json describes it. Nothing was started.';
const KEY_ID = /^[0-9a-f]{64}$/;

export interface LoadedFacts {
  /** Absolute path of the file that it comes from. */
  readonly file: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  /** Each person's key is its id. */
  readonly facts: EvidenceFacts;
}

/**
 * Returns the facts of `file`, or of evidence.yml in `directory` if there is one.
 * @throws DrillError `usage` for a file that is missing or wrong
 */
export async function loadFacts(
  file: string | undefined,
  directory = process.cwd(),
): Promise<LoadedFacts | null> {
  const path = resolve(directory, file ?? FACTS_FILE);
  if (file === undefined && !existsSync(path)) return null;
  const bytes = await readFile(path).catch((error: unknown) => {
    throw usage(
      `${file}: can't be read (${(error as NodeJS.ErrnoException).code})`,
      'Name another file with --evidence.',
    );
  });
  const parsed = parseFacts(bytes.toString('utf8'), file ?? FACTS_FILE);
  return { file: path, sha256: sha256(bytes), facts: await resolveKeys(parsed, dirname(path)) };
}

/** @param name of the file, for messages @throws DrillError `usage` with file, line, what was expected and what came */
export const parseFacts = (text: string, name: string): EvidenceFacts =>
  parseYaml(EvidenceFacts, text, { name, hint: HINT });

async function resolveKeys(facts: EvidenceFacts, directory: string): Promise<EvidenceFacts> {
  if (!facts.people) return facts;
  const resolveAll = (people: Person[]): Promise<Person[]> =>
    Promise.all(people.map(async ({ name, key }) => ({ name, key: await resolveKey(key, directory) })));
  const { operators, approvers, reviewers } = facts.people;
  return {
    ...facts,
    people: {
      ...(operators && { operators: await resolveAll(operators) }),
      ...(approvers && { approvers: await resolveAll(approvers) }),
      ...(reviewers && { reviewers: await resolveAll(reviewers) }),
    },
  };
}

async function resolveKey(key: string, directory: string): Promise<string> {
  if (KEY_ID.test(key)) return key;
  const pem = await readFile(resolve(directory, key), 'utf8').catch(() => {
    throw usage(
      `${FACTS_FILE}: expected the id of a key or the file of its public part, got "${key}"`,
      'Print the id with `swarm-drill keys show <file>`.',
    );
  });
  return parseKeyId(pem, key);
}
