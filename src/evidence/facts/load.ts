// Reads evidence.yml. A mistake in it is an error before anything starts, with its line.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { usage } from '../../support/errors.ts';
import { sha256 } from '../../support/sha256.ts';
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
export function parseFacts(text: string, name: string): EvidenceFacts {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw usage(`${name}, line ${lines.linePos(error.pos[0]).line}: ${error.message}`, HINT);
  const value: unknown = document.toJS() ?? {};
  const { data, error: mistakes } = EvidenceFacts.safeParse(value, { reportInput: true });
  if (data) return data;
  const reasons = mistakes.issues.flatMap(innermost).map((issue) => {
    const line = lineOf(document, issue.path, lines);
    return `${name}, line ${line}: ${issue.path.join('.') || 'the file'}: ${describeIssue(issue)}`;
  });
  throw usage(reasons.join('\n'), HINT);
}

type Issue = z.core.$ZodIssue;

/** A value that fits none of several shapes has one list of issues for each: the shortest is about the shape that was meant. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [closest = []] = issue.errors.toSorted((a, b) => a.length - b.length);
  return closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function describeIssue(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `unknown field ${issue.keys.join(', ')}`;
  const came = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input);
  return `${issue.message.replace(/, received .*$/, '').replace(/^Invalid/, 'invalid')}, got ${came}`;
}

/** Returns the line of the value at `path`, or of what it should be in. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

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
