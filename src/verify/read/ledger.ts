// The ledger: one line per event of a run, each with the hash of the line before.
import { z } from 'zod';
import { VERDICTS } from '../../drill/verdict/verdict.ts';
import { sha256 } from '../../support/sha256.ts';
import type { Problem } from '../result.ts';
import { type Bundle, LEDGER_HEAD, parseBundle } from './bundle.ts';
import { hex64 } from './statement.ts';
import { attempt, decodeText, matchSchema, parseJson, Unreadable } from './strict.ts';

export const LEDGER_FILE = 'ledger.jsonl';
export const HEAD_FILE = 'ledger.sigstore.json';
const NO_PREVIOUS = '0'.repeat(64);

const common = {
  entry: z.int().min(1),
  previous: hex64,
  at: z.iso.datetime(),
  run: z.string(),
  directory: z.string(),
  torn: hex64.optional(),
};
const outcome = {
  ...common,
  verdict: z.enum(VERDICTS),
  exitCode: z.int(),
  statement: hex64,
  key: hex64.nullable(),
  drills: z.array(z.object({ drill: z.string(), verdict: z.enum(VERDICTS), tags: z.array(z.string()) })),
};
const Entry = z.discriminatedUnion('event', [
  z.object({ ...common, event: z.literal('start'), plan: hex64, drills: z.array(z.string()) }),
  z.object({ ...outcome, event: z.literal('end') }),
  z.object({ ...outcome, event: z.literal('merge'), of: z.array(z.string()) }),
  z.object({
    ...common,
    event: z.literal('attest'),
    role: z.string(),
    statement: hex64,
    of: hex64,
    key: hex64,
  }),
  z.object({ ...common, event: z.literal('removed'), statement: hex64.nullable(), reason: z.string() }),
]);
export type Entry = z.infer<typeof Entry>;
export type EndEntry = Extract<Entry, { event: 'end' | 'merge' }>;

export const isEnd = (entry: Entry): entry is EndEntry => entry.event === 'end' || entry.event === 'merge';

export interface Ledger {
  readonly entries: readonly Entry[];
  /** Hash of each line, by number of the entry; that of entry 0 is the start of every chain. */
  readonly hashes: readonly string[];
  /** Breaks of the chain, and lines that can't be read. */
  readonly problems: readonly Problem[];
}

/** Reads the ledger and follows its chain. */
export function parseLedger(bytes: Uint8Array): Ledger {
  const text = attempt(LEDGER_FILE, () => decodeText(bytes));
  if (!text.ok) return { entries: [], hashes: [NO_PREVIOUS], problems: [text.problem] };
  const lines = text.value.split('\n');
  const problems: Problem[] = [];
  if (lines.pop() !== '')
    problems.push({ where: LEDGER_FILE, what: 'the last line is cut: it has no line break' });
  const hashes = [NO_PREVIOUS, ...lines.map((line) => sha256(line))];
  const entries: Entry[] = [];
  for (const [index, line] of lines.entries()) {
    const read = attempt(`${LEDGER_FILE}:${index + 1}`, () =>
      parseLine(line, index + 1, hashes[index] ?? ''),
    );
    if (read.ok) entries.push(read.value);
    else problems.push(read.problem);
  }
  return { entries, hashes, problems };
}

function parseLine(line: string, number: number, previous: string): Entry {
  const entry = matchSchema(Entry, parseJson(line));
  if (entry.entry !== number)
    throw new Unreadable('a line was dropped, added or moved', `entry ${number}`, `entry ${entry.entry}`);
  if (entry.previous !== previous)
    throw new Unreadable('the line before it was changed, dropped or moved', previous, entry.previous);
  return entry;
}

const HeadPayload = z.strictObject({ entries: z.int().min(0), head: hex64, at: z.iso.datetime() });
export interface Head extends z.infer<typeof HeadPayload> {
  readonly bundle: Bundle;
}

/** @throws Unreadable */
export function parseHead(bytes: Uint8Array): Head {
  const bundle = parseBundle(bytes, LEDGER_HEAD);
  return { ...matchSchema(HeadPayload, parseJson(decodeText(bundle.payload))), bundle };
}
