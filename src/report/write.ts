// Writes reports to disk, each file whole.
import { mkdir, readdir, readFile, readlink, realpath, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { JOURNAL_VERSION, type JournalEvent } from '../drill/events.ts';
import type { Approval } from '../model/approval.ts';
import { usage } from '../support/errors.ts';
import { replaceAtomically, writeAtomically } from '../support/write-file.ts';
import { buildReport } from './build.ts';
import { FAILURE_PAGES } from './failures.ts';
import { renderFailure, renderIndex, renderReport } from './html.ts';
import { parseJournal, selectEvents } from './journal-reader.ts';
import { renderJunit } from './junit.ts';
import { buildRun } from './run.ts';
import type { Report, Run } from './schema.ts';

export const JOURNAL_FILE = 'journal.jsonl';

/**
 * Builds the report of the journal in `dir`, and writes nothing.
 * @throws DrillError `usage` when `dir` contains no journal, or one of another version
 */
export async function readDrillReport(dir: string): Promise<Report> {
  const journal = path.join(dir, JOURNAL_FILE);
  const text = await readFile(journal, 'utf8').catch((cause: unknown) => {
    if (isMissing(cause))
      throw usage(`${dir}: contains no ${JOURNAL_FILE}`, 'Pass the directory of a drill or of a run.');
    throw cause;
  });
  const { events, damagedLines } = parseJournal(text);
  requireVersion(events, journal);
  const at = (await stat(journal)).mtime.toISOString();
  return buildReport(events, { name: path.basename(path.resolve(dir)), at, damagedLines });
}

/**
 * Writes report.json and report.html next to the journal in `dir`.
 * @param approval what the page says about its evidence. Default: that there is none
 * @throws as `readDrillReport`
 */
export async function writeDrillReport(dir: string, approval?: Approval): Promise<Report> {
  const report = await readDrillReport(dir);
  await writeAtomically(path.join(dir, 'report.json'), toJson(report));
  await writeAtomically(path.join(dir, 'report.html'), renderReport(report, approval));
  return report;
}

/**
 * Writes the reports of every drill in `runDir`, and its run.json, index.html, junit.xml and a page for each
 * kind of failure. Points the link `latest` next
 * to it at it. Rebuilds every report: the same journal always gives the same report.
 * @throws DrillError `usage` when no directory in `runDir` contains a journal, or one has a journal of another version
 */
export async function writeRunReport(runDir: string, approval?: Approval): Promise<Run> {
  const drills = await findDrills(runDir);
  if (drills.length === 0)
    throw usage(
      `${runDir}: no drill in it has a ${JOURNAL_FILE}`,
      'Pass the directory of a run, e.g. reports/latest.',
    );
  const run = buildRun(await Promise.all(drills.map((drill) => writeDrillReport(drill, approval))));
  const target = await realpath(runDir);
  await writeAtomically(path.join(runDir, 'run.json'), toJson(run));
  await writeAtomically(path.join(runDir, 'index.html'), renderIndex(run, path.basename(target), approval));
  await writeFailurePages(run, runDir, path.basename(target));
  await writeAtomically(path.join(runDir, 'junit.xml'), renderJunit(run));
  await updateLatestLink(target);
  return run;
}

/** Writes one page for each kind of failure, and removes those of an earlier report of this run. */
async function writeFailurePages({ failures }: Run, runDir: string, name: string): Promise<void> {
  await rm(path.join(runDir, FAILURE_PAGES), { recursive: true, force: true });
  await mkdir(path.join(runDir, FAILURE_PAGES));
  for (const failure of failures)
    await writeAtomically(path.join(runDir, failure.page), renderFailure(failure, name));
}

/** Reports are only right for the journal version that this program writes: other versions name phases and fields differently. */
function requireVersion(events: readonly JournalEvent[], file: string): void {
  const version = selectEvents(events, 'plan')[0]?.journal ?? JOURNAL_VERSION;
  if (version !== JOURNAL_VERSION)
    throw usage(
      `${file}: journal has version ${version} (expected version ${JOURNAL_VERSION})`,
      'Rebuild this report with the version of swarm-drill that wrote the journal, or run the drill again.',
    );
}

async function findDrills(runDir: string): Promise<string[]> {
  const entries = await readdir(runDir, { withFileTypes: true }).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw cause;
  });
  const directories = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(runDir, entry.name));
  const journals = await Promise.all(directories.map((dir) => exists(path.join(dir, JOURNAL_FILE))));
  return directories.filter((_, index) => journals[index]);
}

/** Compares run names, which are start times: rebuilding an old run must not make it the latest. */
async function updateLatestLink(runDir: string): Promise<void> {
  const link = path.join(path.dirname(runDir), 'latest');
  const name = path.basename(runDir);
  const present = await readlink(link).catch(() => undefined);
  const newer = present !== undefined && present > name;
  if (newer && (await exists(link))) return;
  await replaceAtomically(link, (temporary) => symlink(name, temporary));
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));
