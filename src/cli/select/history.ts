// What each drill did when it last ran, from the reports of earlier runs.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_NAME } from '../../history/runs/older-runs.ts';
import { Report } from '../../report/schema.ts';

/** The fields of report.json that selection needs; reports of an older format often have them, too. */
const PastReport = Report.pick({ name: true, verdict: true, totalSeconds: true, startedAt: true }).extend({
  actual: Report.shape.actual.pick({ rtaSeconds: true }),
  sideBySide: Report.shape.sideBySide.optional(),
});
export type PastDrill = ReturnType<typeof PastReport.parse>;

/**
 * Returns the newest result of each drill that ever ran, by name.
 * @param reports the directory with one directory per run; it need not exist
 */
export async function readHistory(reports: string): Promise<ReadonlyMap<string, PastDrill>> {
  const history = new Map<string, PastDrill>();
  for (const run of await newestFirst(reports))
    for (const name of await namesIn(join(reports, run))) {
      if (history.has(name)) continue;
      const report = await readPast(join(reports, run, name, 'report.json'));
      if (report) history.set(name, report);
    }
  return history;
}

/** The second run in the same second has a name with `-2`, and is the newer one. */
const newestFirst = async (reports: string): Promise<string[]> =>
  (await namesIn(reports))
    .filter((name) => RUN_NAME.test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));

async function namesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Returns undefined for a report that does not exist, is damaged, or has another format. */
async function readPast(file: string): Promise<PastDrill | undefined> {
  try {
    return PastReport.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
