// Runs from the lines of the ledger, newest first. Lines are parsed when they are asked for: a status needs the newest of a thousand.
import { hostname } from 'node:os';
import type { EndEntry, LedgerEntry, MergeEntry, StartEntry } from '../../evidence/ledger/entry.ts';
import { parseEntry } from '../../evidence/ledger/read.ts';
import type { PastRun } from './past-run.ts';

export interface LedgerRuns {
  /** Newest start first. */
  readonly newestFirst: () => Generator<PastRun>;
  /** Directories of every run that the ledger names. */
  readonly directories: () => ReadonlySet<string>;
  /** Names of the drills that runs were started with, oldest run first. */
  readonly started: () => ReadonlySet<string>;
  /** Numbers, counted from 1, of lines that are not entries, among those that were parsed so far. */
  readonly damaged: ReadonlySet<number>;
}

type EntryOf<E extends LedgerEntry['event']> = Extract<LedgerEntry, { event: E }>;

/** What later lines say about earlier runs. */
interface Later {
  readonly ends: Map<string, EndEntry>;
  readonly removals: Map<string, EntryOf<'removed'>>;
  readonly attestations: Map<string, EntryOf<'attest'>[]>;
  /** By directory: the run that it was merged into. */
  readonly merged: Map<string, string>;
}

/** Canonical JSON has no spaces, and quotes in texts are escaped: only the field itself reads like this. */
const IS_START = '"event":"start"';

/** @param text of ledger.jsonl; half a line at its end is left out */
export function readLedgerRuns(text: string): LedgerRuns {
  const lines = text.split('\n').slice(0, -1);
  const damaged = new Set<number>();
  const parse = (index: number): LedgerEntry | undefined => {
    const entry = parseEntry(lines[index] ?? '');
    if (!entry) damaged.add(index + 1);
    return entry;
  };
  const starts = (): StartEntry[] =>
    lines.flatMap((line, index) => {
      const entry = line.includes(IS_START) ? parse(index) : undefined;
      return entry?.event === 'start' ? [entry] : [];
    });
  return {
    damaged,
    started: () => new Set(starts().flatMap(({ drills }) => drills)),
    directories: () =>
      new Set(lines.flatMap((line) => /"directory":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? [])),
    *newestFirst() {
      const later: Later = {
        ends: new Map(),
        removals: new Map(),
        attestations: new Map(),
        merged: new Map(),
      };
      for (let index = lines.length - 1; index >= 0; index--) {
        const entry = parse(index);
        const run = entry && toRun(entry, later);
        if (run) yield run;
      }
      // Their start could not be written, or was lost.
      for (const end of later.ends.values()) yield describeEnded(end, end.at, later);
    },
  };
}

/** Returns the run at its first line, and remembers what the other lines say. */
function toRun(entry: LedgerEntry, later: Later): PastRun | undefined {
  switch (entry.event) {
    case 'start': {
      const end = later.ends.get(entry.run);
      later.ends.delete(entry.run);
      return end
        ? { ...describeEnded(end, entry.at, later), planned: entry.drills }
        : describeUnended(entry, later);
    }
    case 'merge':
      for (const directory of entry.of) later.merged.set(directory, entry.directory);
      return describeEnded(entry, entry.at, later);
    case 'end':
      if (!later.ends.has(entry.run)) later.ends.set(entry.run, entry);
      return undefined;
    case 'removed':
      later.removals.set(entry.directory, entry);
      return undefined;
    case 'attest':
      later.attestations.set(entry.of, [...(later.attestations.get(entry.of) ?? []), entry]);
      return undefined;
    default:
      // An entry of a later version.
      return undefined;
  }
}

function describeEnded(end: EndEntry | MergeEntry, startedAt: string, later: Later): PastRun {
  const { directory, verdict, drills, commit, tool, statement } = end;
  return {
    ...describeLater(directory, later),
    id: end.run,
    directory,
    state: 'ended',
    startedAt,
    endedAt: end.at,
    verdict,
    planned: drills.map(({ drill }) => drill),
    drills,
    commit,
    tool,
    statement,
    inLedger: true,
    attested: (later.attestations.get(statement) ?? []).map(({ role }) => role),
  };
}

function describeUnended(start: StartEntry, later: Later): PastRun {
  const { directory, drills } = start;
  return {
    ...describeLater(directory, later),
    id: start.run,
    directory,
    state: isWithdrawn(start, later) ? 'withdrawn' : isRunning(start) ? 'running' : 'did not end',
    startedAt: start.at,
    endedAt: null,
    verdict: null,
    planned: drills,
    drills: [],
    commit: '',
    tool: '',
    statement: null,
    inLedger: true,
    attested: [],
  };
}

const describeLater = (directory: string, { removals, merged }: Later) => ({
  removed: removals.get(directory)?.reason ?? null,
  mergedInto: merged.get(directory) ?? null,
});

/** A run that is withdrawn is removed at once; what did not end stays at least as long as a run may take. */
function isWithdrawn({ directory, at }: StartEntry, { removals }: Later): boolean {
  const removal = removals.get(directory);
  return removal !== undefined && Date.parse(removal.at) - Date.parse(at) < LONGEST_RUN_MS;
}

/** Longest time that a run is taken for running: its process id may be that of another program by then. */
const LONGEST_RUN_MS = 24 * 3_600_000;

function isRunning({ host, pid, at }: StartEntry): boolean {
  if (host !== hostname() || Date.now() - Date.parse(at) > LONGEST_RUN_MS) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and belongs to another account.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
