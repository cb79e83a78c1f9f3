// Runs that the ledger does not name: of versions without one, or that could not write it. What their run.json says is kept in a file,
// so that it is parsed once.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toDrillResults } from '../../evidence/ledger/drill-results.ts';
import type { Run } from '../../report/schema.ts';
import { writeAtomically } from '../../support/write-file.ts';
import type { PastRun } from './past-run.ts';

/** Runs are directories that are named after their start. */
export const RUN_NAME = /^\d{4}-\d\d-\d\dT/;

const CACHE_FILE = '.history.json';
/** Changes with what the file keeps of a run. */
const CACHE_SCHEMA = 'swarm-drill/history-cache@1';

/** A run, and the run.json that it was read from. */
interface Cached {
  readonly modified: number;
  readonly bytes: number;
  readonly run: PastRun;
}
type Cache = Readonly<Record<string, Cached>>;

/**
 * Returns the runs in `reports` that are not in `known`, newest first.
 * @param known directories of the runs in the ledger
 */
export async function readOlderRuns(reports: string, known: ReadonlySet<string>): Promise<PastRun[]> {
  const directories = listRunDirectories(reports).filter((name) => !known.has(name));
  if (directories.length === 0) return [];
  const cache = readCache(reports);
  const entries = Object.fromEntries(directories.map((name) => [name, readOlderRun(reports, name, cache)]));
  if (directories.some((name) => entries[name] !== cache[name]))
    // Without it, the next reader parses them again: a directory that can't be written must not stop it.
    await writeAtomically(
      join(reports, CACHE_FILE),
      JSON.stringify({ schema: CACHE_SCHEMA, runs: entries }),
    ).catch(() => undefined);
  return Object.values(entries)
    .map(({ run }) => run)
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Returns the names of the directories of runs, in no order; none if `reports` does not exist. */
export function listRunDirectories(reports: string): string[] {
  try {
    return readdirSync(reports, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && RUN_NAME.test(entry.name))
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readCache(reports: string): Cache {
  try {
    const { schema, runs } = JSON.parse(readFileSync(join(reports, CACHE_FILE), 'utf8')) as {
      schema: string;
      runs: Cache;
    };
    return schema === CACHE_SCHEMA ? runs : {};
  } catch {
    return {};
  }
}

function readOlderRun(reports: string, directory: string, cache: Cache): Cached {
  const file = join(reports, directory, 'run.json');
  const { mtimeMs: modified = 0, size: bytes = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
  const cached = cache[directory];
  if (cached?.modified === modified && cached.bytes === bytes) return cached;
  return { modified, bytes, run: parseRun(file, directory) ?? describeUnended(directory) };
}

/** Returns undefined for a run.json that does not exist, is damaged, or has another format. */
function parseRun(file: string, directory: string): PastRun | undefined {
  try {
    const run = JSON.parse(readFileSync(file, 'utf8')) as Run;
    if (run.schema !== 'swarm-drill/run@2') return undefined;
    const drills = toDrillResults(run);
    const environment = run.drills.find((report) => report.environment)?.environment;
    return {
      ...describeUnended(directory),
      state: 'ended',
      startedAt: run.startedAt,
      endedAt: run.endedAt,
      verdict: run.verdict,
      planned: drills.map(({ drill }) => drill),
      drills,
      commit: environment?.commit ?? '',
      tool: environment?.tool ?? '',
    };
  } catch {
    return undefined;
  }
}

/** A directory without a run.json: the run was killed before it wrote one. Its name is its start. */
const describeUnended = (directory: string): PastRun => ({
  id: null,
  directory,
  state: 'did not end',
  startedAt: startOf(directory),
  endedAt: null,
  verdict: null,
  planned: [],
  drills: [],
  commit: '',
  tool: '',
  statement: null,
  inLedger: false,
  removed: null,
  mergedInto: null,
  attested: [],
});

/** Returns the time in a name like `2026-11-26T06-31-49Z-2`. */
function startOf(directory: string): string {
  const [, date = '', hour = '', minute = '', second = ''] =
    /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)/.exec(directory) ?? [];
  const text = `${date}T${hour}:${minute}:${second}.000Z`;
  return Number.isNaN(Date.parse(text)) ? new Date(0).toISOString() : text;
}
