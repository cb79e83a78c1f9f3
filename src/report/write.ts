// Puts reports on disk: each file under a temporary name first, so that nobody ever reads half of one.
import {
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { usage } from '../support/errors.ts';
import { buildReport } from './build.ts';
import { renderIndex, renderReport } from './html.ts';
import { parseJournal } from './journal-reader.ts';
import { renderJunit } from './junit.ts';
import { buildRun } from './run.ts';
import type { Report, Run } from './schema.ts';

export const JOURNAL_FILE = 'journal.jsonl';

/**
 * Reads `dir`'s journal and writes report.json and report.html beside it.
 * @throws DrillError `usage` when `dir` holds no journal
 */
export async function writeDrillReport(dir: string): Promise<Report> {
  const journal = path.join(dir, JOURNAL_FILE);
  const text = await readFile(journal, 'utf8').catch((cause: unknown) => {
    if (isMissing(cause))
      throw usage(`there is no ${JOURNAL_FILE} in ${dir}`, 'name the folder of one drill or of a run');
    throw cause;
  });
  const { events, damagedLines } = parseJournal(text);
  const at = (await stat(journal)).mtime.toISOString();
  const report = buildReport(events, { name: path.basename(path.resolve(dir)), at, damagedLines });
  await writeAtomically(path.join(dir, 'report.json'), toJson(report));
  await writeAtomically(path.join(dir, 'report.html'), renderReport(report));
  return report;
}

/**
 * Writes the reports of every drill in `runDir`, its run.json, index.html and junit.xml, and points `latest` beside it to it.
 * A report is the same however often it is built, so all of them are built anew.
 * @throws DrillError `usage` when no folder in `runDir` holds a journal
 */
export async function writeRunReport(runDir: string): Promise<Run> {
  const drills = await findDrills(runDir);
  if (drills.length === 0)
    throw usage(
      `no drill in ${runDir} has a ${JOURNAL_FILE}`,
      'name the folder of a run, e.g. reports/latest',
    );
  const run = buildRun(await Promise.all(drills.map(writeDrillReport)));
  const place = await realpath(runDir);
  await writeAtomically(path.join(runDir, 'run.json'), toJson(run));
  await writeAtomically(path.join(runDir, 'index.html'), renderIndex(run, path.basename(place)));
  await writeAtomically(path.join(runDir, 'junit.xml'), renderJunit(run));
  await updateLatestLink(place);
  return run;
}

async function findDrills(runDir: string): Promise<string[]> {
  const entries = await readdir(runDir, { withFileTypes: true }).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw cause;
  });
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(runDir, entry.name));
  const journals = await Promise.all(folders.map((dir) => exists(path.join(dir, JOURNAL_FILE))));
  return folders.filter((_, index) => journals[index]);
}

/** A run's name is when it began: building an old one again does not make it the latest. */
async function updateLatestLink(runDir: string): Promise<void> {
  const link = path.join(path.dirname(runDir), 'latest');
  const name = path.basename(runDir);
  const present = await readlink(link).catch(() => undefined);
  const newer = present !== undefined && present > name;
  if (newer && (await exists(link))) return;
  await replaceAtomically(link, (temporary) => symlink(name, temporary));
}

const writeAtomically = (file: string, text: string): Promise<void> =>
  replaceAtomically(file, (temporary) => writeFile(temporary, text));

async function replaceAtomically(
  file: string,
  write: (temporary: string) => Promise<unknown>,
): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  await write(temporary);
  await rename(temporary, file);
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));
