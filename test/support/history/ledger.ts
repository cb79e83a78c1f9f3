// Ledgers of many nights for tests, as the program writes them: chained lines of canonical JSON.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../../src/evidence/canonical.ts';
import type { DrillResult, LedgerEntry, NewEntry } from '../../../src/evidence/ledger/entry.ts';
import { worstOf } from '../../../src/drill/verdict/verdict.ts';
import { sha256 } from '../../../src/support/sha256.ts';

export type Entry = NewEntry & { readonly at: string };

/** Returns the text of a ledger with these entries. */
export function ledgerText(entries: readonly Entry[]): string {
  let previous = '0'.repeat(64);
  return entries
    .map((entry, index) => {
      const line = canonicalJson({ ...entry, entry: index + 1, previous } satisfies LedgerEntry);
      previous = sha256(line);
      return `${line}\n`;
    })
    .join('');
}

export const drillResult = (result: Partial<DrillResult> = {}): DrillResult => ({
  drill: 'total-loss',
  verdict: 'recovered',
  reason: 'recovered in 38.5 s of 90 s allowed; 3 of 40 acknowledged writes are lost; 11 checks passed',
  failure: 'loss of every node',
  tags: ['nightly'],
  method: 'pg_basebackup, restic',
  rta: 38.5,
  rto: 90,
  rpa: 15.3,
  rpo: 30,
  proven: 51.2,
  total: 182.3,
  bytes: 43_201_877,
  lostWrites: 3,
  longestGap: 38.5,
  others: 0,
  engine: 'Docker 28.5.2',
  size: 'small',
  shard: null,
  ...result,
});

export interface NightOptions {
  /** Names of the drills that it was started with. Default: those that have a result. */
  readonly planned?: readonly string[];
  readonly commit?: string;
  readonly tool?: string;
  /** How long it took, in seconds. Default 600. */
  readonly seconds?: number;
  /** Of the process that ran it. Default: one that is not there. */
  readonly pid?: number;
  readonly host?: string;
  readonly key?: string;
}

/** Returns the name of the directory of a run that started at `at`. */
export const directoryOf = (at: string): string => `${at.slice(0, 19).replaceAll(':', '-')}Z`;
const runId = (at: string): string => sha256(at).slice(0, 16);

/** Returns the entry of a run's start. @param at UTC */
export const startOf = (at: string, { planned = [], pid = 1, host = 'elsewhere' }: NightOptions): Entry => ({
  event: 'start',
  at,
  run: runId(at),
  directory: directoryOf(at),
  plan: sha256(`plan ${at}`),
  drills: [...planned],
  tags: ['nightly'],
  pid,
  host,
  owner: `${host}:${pid}:1`,
});

/** Returns the entries of a run's start and end. @param at when it started, UTC */
export function night(at: string, drills: readonly DrillResult[], options: NightOptions = {}): Entry[] {
  const {
    commit = '4f3de74c0b1a',
    tool = 'swarm-drill 0.1.0, Node.js v24.21.0',
    seconds = 600,
    key = null,
  } = options;
  const verdict = worstOf(drills.map((one) => one.verdict));
  return [
    startOf(at, { planned: drills.map(({ drill }) => drill), ...options }),
    {
      event: 'end',
      at: new Date(Date.parse(at) + seconds * 1000).toISOString(),
      run: runId(at),
      directory: directoryOf(at),
      verdict,
      exitCode: { recovered: 0, 'not-recovered': 1, inconclusive: 2 }[verdict],
      statement: sha256(`statement ${at}`),
      key,
      commit,
      tool,
      startedAt: at,
      endedAt: new Date(Date.parse(at) + seconds * 1000).toISOString(),
      drills: [...drills],
    },
  ];
}

const DAY_MS = 86_400_000;

/** Returns `at`, moved by a number of days. */
export const daysAfter = (at: string, days: number): string =>
  new Date(Date.parse(at) + days * DAY_MS).toISOString();

/** A directory of reports that is removed when it is disposed of. */
export async function reportsWith(
  entries: readonly Entry[],
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'swarm-drill-history-'));
  if (entries.length > 0) await writeFile(join(path, 'ledger.jsonl'), ledgerText(entries));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Writes `text` to `file` below `directory`. */
export async function writeBelow(directory: string, file: string, text: string): Promise<void> {
  await mkdir(join(directory, file, '..'), { recursive: true });
  await writeFile(join(directory, file), text);
}
