// What is verified: one run, or a directory of runs with their ledger.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { usage } from '../../support/errors.ts';
import { type Head, HEAD_FILE, type Ledger, LEDGER_FILE, parseHead, parseLedger } from './ledger.ts';
import { PLAN, readRun, type Run, SIGNED, UNSIGNED } from './run.ts';
import { attempt, type Read } from './strict.ts';

export interface Reports {
  readonly path: string;
  /** Null if the runs have no ledger. */
  readonly ledger: Ledger | null;
  readonly head: Read<Head> | null;
  /** The runs that are verified, oldest first. */
  readonly runs: readonly Run[];
  /** Names of all directories of runs next to the ledger, and those of runs that are older than evidence. */
  readonly directories: readonly string[];
  readonly withoutEvidence: readonly string[];
  /** Whether all runs are verified, not just one. */
  readonly whole: boolean;
  /** Reads another run of the directory; null if it is not there. */
  readonly find: (name: string) => Run | null;
}

/** @throws DrillError `usage` if `target` is neither a run nor a directory of runs */
export function readReports(target: string): Reports {
  const directory = existsSync(target) ? realpathSync(target) : target;
  const single = isRun(directory);
  const home = single ? path.dirname(directory) : directory;
  const all = existsSync(home) ? listDirectories(home) : [];
  const directories = all.filter((name) => hasEvidence(path.join(home, name)));
  if (!single && directories.length === 0 && !existsSync(path.join(home, LEDGER_FILE)))
    throw usage(
      `${target}: neither a run nor a directory of runs`,
      'Pass the directory of a run, e.g. reports/latest, or the one with ledger.jsonl, e.g. reports.',
    );
  const runs = new Map<string, Run>();
  const find = (name: string): Run | null => {
    const known = runs.get(name);
    if (known) return known;
    if (!directories.includes(name)) return null;
    const run = readRun(path.join(home, name));
    runs.set(name, run);
    return run;
  };
  const readIf = <T>(name: string, parse: (bytes: Buffer) => T): T | null =>
    existsSync(path.join(home, name)) ? parse(readFileSync(path.join(home, name))) : null;
  return {
    path: home,
    ledger: readIf(LEDGER_FILE, parseLedger),
    head: readIf(HEAD_FILE, (bytes) => attempt(HEAD_FILE, () => parseHead(bytes))),
    runs: single ? [readRun(directory)] : directories.flatMap((name) => find(name) ?? []),
    directories,
    withoutEvidence: all.filter((name) => !directories.includes(name) && isRun(path.join(home, name))),
    whole: !single,
    find,
  };
}

const hasEvidence = (directory: string): boolean =>
  [SIGNED, UNSIGNED, PLAN, 'attestations'].some((name) => existsSync(path.join(directory, name)));

const isRun = (directory: string): boolean =>
  hasEvidence(directory) || existsSync(path.join(directory, 'run.json'));

/** Directories, not links: `latest` points at one that is listed anyway. */
const listDirectories = (home: string): string[] =>
  readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
