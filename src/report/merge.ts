// Joins the reports of several runs, such as the shards of one, into one run.
import { cp, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Approval } from '../model/approval.ts';
import { recordUnstarted } from '../drill/verdict/unstarted.ts';
import { usage } from '../support/errors.ts';
import type { Report, Run } from './schema.ts';
import { JOURNAL_FILE, readDrillReport, writeRunReport } from './write.ts';

interface Part {
  readonly directory: string;
  readonly reports: readonly Report[];
}

/**
 * Copies the drills of each run into `target`, an empty directory, and writes the reports of the whole. A drill that the shards should
 * have run and did not gets a report that says so, and is inconclusive.
 * @throws DrillError `usage` for a directory without a drill, a drill that two of them have, or shards of different splits
 */
export async function mergeRuns(
  directories: readonly string[],
  target: string,
  approval?: Approval,
): Promise<Run> {
  const parts = await Promise.all(directories.map(readPart));
  const shards = parts.flatMap(({ reports }) => reports.flatMap(({ shard }) => shard ?? []));
  requireOneSplit(shards);
  requireDisjoint(parts);
  for (const { directory, reports } of parts)
    for (const { name } of reports)
      await cp(path.join(directory, name), path.join(target, name), { recursive: true });
  const present = new Set(parts.flatMap(({ reports }) => reports.map(({ name }) => name)));
  const selected = new Set(shards.flatMap(({ selection }) => selection));
  const missing = [...selected].filter((name) => !present.has(name));
  for (const name of missing)
    await recordUnstarted({
      directory: path.join(target, name),
      reason: `no shard ran it: merged were ${describeShards(shards)}`,
      hint: 'Merge the reports of every shard, and start all shards with the same names, tags and earlier reports.',
    });
  return writeRunReport(target, approval);
}

/** Builds the reports of a run's drills from their journals: the directory may come from another machine, and be incomplete. */
async function readPart(directory: string): Promise<Part> {
  const names = await readdir(directory).catch(() => []);
  const drills = names.filter((name) => existsSync(path.join(directory, name, JOURNAL_FILE)));
  if (drills.length === 0)
    throw usage(
      `${directory}: no drill in it has a ${JOURNAL_FILE}`,
      'Pass the directories of runs, e.g. reports/latest of each machine.',
    );
  // The directory's name is where the report is, also if the journal was cut before it names its drill.
  const read = async (name: string): Promise<Report> => ({
    ...(await readDrillReport(path.join(directory, name))),
    name,
  });
  return { directory, reports: await Promise.all(drills.map(read)) };
}

type Shard = NonNullable<Report['shard']>;

function requireOneSplit(shards: readonly Shard[]): void {
  const numbers = [...new Set(shards.map(({ of }) => of))];
  if (numbers.length > 1)
    throw usage(
      `expected the shards of one run, got parts of ${numbers.join(' and of ')}`,
      'Merge only directories of runs that had the same number of shards.',
    );
}

function requireDisjoint(parts: readonly Part[]): void {
  const places = new Map<string, string>();
  for (const { directory, reports } of parts)
    for (const { name } of reports) {
      const other = places.get(name);
      if (other !== undefined)
        throw usage(
          `the drill ${name} is in ${other} and in ${directory}`,
          'Merge one of them; shards have different drills if they were started with the same names, tags and earlier reports.',
        );
      places.set(name, directory);
    }
}

/** Returns e.g. `1 and 3 of 3`. */
function describeShards(shards: readonly Shard[]): string {
  const indexes = [...new Set(shards.map(({ index }) => index))].sort((a, b) => a - b);
  return `${indexes.join(' and ')} of ${shards[0]?.of ?? 0}`;
}
