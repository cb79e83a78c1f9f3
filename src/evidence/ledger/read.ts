// Reads the ledger. Nothing here throws for a damaged line: a reader sees what is there, and `swarm-drill verify` judges it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../support/sha256.ts';
import type { LedgerEntry } from './entry.ts';

/** The hash before the first entry. It is here, and not with the format, so that a reader does not load the library that checks formats. */
export const NO_PREVIOUS = '0'.repeat(64);

export const LEDGER_FILE = 'ledger.jsonl';
export const LEDGER_HEAD_FILE = 'ledger.sigstore.json';

export interface Ledger {
  /** Of the lines that can be read, oldest first. */
  readonly entries: readonly LedgerEntry[];
  /** How many whole lines there are. */
  readonly lines: number;
  /** SHA-256 of the last whole line; 64 zeros for an empty ledger. */
  readonly head: string;
  /** Numbers, counted from 1, of whole lines that are not entries. */
  readonly damaged: readonly number[];
  /** What follows the last line break: half a line, which a crash left behind. Empty if the ledger is whole. */
  readonly torn: string;
}

/** @param reports the directory with one directory per run @returns an empty ledger if there is none */
export async function readLedger(reports: string): Promise<Ledger> {
  return parseLedger(await readLedgerText(reports));
}

/** Returns the text of the ledger, or an empty one. @throws what the file system says, unless there is no ledger */
export async function readLedgerText(reports: string): Promise<string> {
  return readFile(join(reports, LEDGER_FILE), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
}

/** Checks only that a line is an entry by its number and event: a thousand nights are read in some milliseconds. */
export function parseLedger(text: string): Ledger {
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  const entries: LedgerEntry[] = [];
  const damaged: number[] = [];
  for (const [index, line] of lines.entries()) {
    const entry = parseEntry(line);
    if (entry) entries.push(entry);
    else damaged.push(index + 1);
  }
  const last = lines.at(-1);
  return {
    entries,
    lines: lines.length,
    head: last === undefined ? NO_PREVIOUS : sha256(last),
    damaged,
    torn,
  };
}

/** Returns undefined for a line that is not an entry. */
export function parseEntry(line: string): LedgerEntry | undefined {
  try {
    const value = JSON.parse(line) as Partial<LedgerEntry> | null;
    return typeof value?.entry === 'number' && typeof value.event === 'string'
      ? (value as LedgerEntry)
      : undefined;
  } catch {
    return undefined;
  }
}
