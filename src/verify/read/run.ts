// One run: its directory with every file in it, its statement, plan and attestations.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Attestation, parseAttestation } from './attestation.ts';
import { parsePlan, type Plan } from './plan.ts';
import {
  EVIDENCE_TYPE,
  parseSignedStatement,
  parseStatement,
  type Statement,
  TEST_RESULT_TYPE,
} from './statement.ts';
import { attempt, type Read } from './strict.ts';

export const SIGNED = 'evidence.sigstore.json';
export const UNSIGNED = 'evidence.json';
export const TEST_RESULT = 'test-result.sigstore.json';
export const PLAN = 'plan.json';
export const PLAN_TOKEN = 'plan.tsr';

export interface Run {
  readonly path: string;
  readonly name: string;
  /** Paths of regular files, relative to the run and separated by slashes, sorted. */
  readonly files: readonly string[];
  /** Paths of what is neither a regular file nor a directory, such as links. */
  readonly others: readonly string[];
  /** Null if the run has none. */
  readonly statement: Read<Statement> | null;
  readonly testResult: Read<Statement> | null;
  readonly plan: Read<Plan> | null;
  readonly attestations: readonly Read<Attestation>[];
}

/** Reads the statements of a run, and lists its files. Their contents are hashed by the point about digests. */
export function readRun(directory: string): Run {
  const { files, others } = listFiles(directory);
  const has = (name: string): boolean => files.includes(name);
  const contents = (name: string): Buffer => readFileSync(path.join(directory, name));
  const readIf = <T>(name: string, parse: (bytes: Buffer) => T): Read<T> | null =>
    has(name) ? attempt(name, () => parse(contents(name))) : null;
  return {
    path: directory,
    name: path.basename(path.resolve(directory)),
    files,
    others,
    statement:
      readIf(SIGNED, (bytes) => parseSignedStatement(bytes, EVIDENCE_TYPE)) ??
      readIf(UNSIGNED, (bytes) => parseStatement(bytes, null, EVIDENCE_TYPE)),
    testResult: readIf(TEST_RESULT, (bytes) => parseSignedStatement(bytes, TEST_RESULT_TYPE)),
    plan: readIf(PLAN, parsePlan),
    attestations: files
      .filter((file) => file.startsWith('attestations/'))
      .map((file) => attempt(file, () => parseAttestation(contents(file), file))),
  };
}

function listFiles(directory: string): Pick<Run, 'files' | 'others'> {
  const files: string[] = [];
  const others: string[] = [];
  const walk = (below: string): void => {
    for (const entry of readdirSync(path.join(directory, below), { withFileTypes: true })) {
      const name = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) walk(name);
      else (entry.isFile() ? files : others).push(name);
    }
  };
  walk('');
  return { files: files.sort(), others };
}
