// What changed between the last recovered run of a drill and a later one that did not recover.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../report/schema.ts';
import { formatOthers } from '../report/measure/side-by-side.ts';
import { formatObjective, formatSize, formatTime } from '../report/view/format.ts';
import { sha256 } from '../support/sha256.ts';
import type { Occurrence } from './runs/past-run.ts';

export interface Difference {
  readonly what: string;
  readonly before: string;
  readonly now: string;
}

/** Facts about a drill in one run, by what they are about; those that differ are a difference. */
type Facts = ReadonlyMap<string, string>;

/**
 * Compares what is known of the two runs. The ledger has engine, amount of data, method, objectives, commit and times; their reports,
 * as far as they are still there, also have images, kernel, lab and the drill's text.
 * @param reports the directory of all runs
 */
export async function findDifferences(
  reports: string,
  before: Occurrence,
  now: Occurrence,
): Promise<Difference[]> {
  const [past, present] = await Promise.all([readReport(reports, before), readReport(reports, now)]);
  const bothReports = past && present;
  const [a, b] = [
    collectFacts(before, bothReports ? past : undefined),
    collectFacts(now, bothReports ? present : undefined),
  ];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((what) => {
    const [was, is] = [a.get(what) ?? 'none', b.get(what) ?? 'none'];
    return was === is ? [] : [{ what, before: was, now: is }];
  });
}

function collectFacts({ run, result }: Occurrence, report: Report | undefined): Facts {
  return new Map([
    ['commit', run.commit || 'not known'],
    ['swarm-drill', run.tool || 'not known'],
    ['engine in the nodes', result.engine || 'not known'],
    ['amount of data', result.size],
    ['method', result.method],
    ['RTO', formatObjective(result.rto)],
    ['RPO', formatObjective(result.rpo)],
    ...(report ? collectFromReport(report) : []),
    ['recovery time', formatTime(result.rta)],
    ['data loss window', formatTime(result.rpa)],
    ['time of the drill', formatTime(result.total)],
    ['stored by the backup', formatSize(result.bytes)],
    ['other drills at the same time', result.others === null ? 'not known' : formatOthers(result.others)],
  ]);
}

function collectFromReport({ environment, topology, text, seed }: Report): [string, string][] {
  return [
    [
      'drill file',
      text === '' ? 'not known' : `${text.split('\n').length} lines, ${sha256(text).slice(0, 12)}`,
    ],
    ['seed', seed],
    ['managers', String(topology.managers)],
    ['workers', String(topology.workers)],
    ...(environment
      ? ([
          ['engine of the lab', environment.engine],
          ['kernel', environment.kernel],
          ['lab', environment.lab],
          ...environment.images.map(({ role, reference, digest }) => [
            `image for ${role}`,
            `${reference} ${shorten(digest)}`,
          ]),
        ] as [string, string][])
      : []),
  ];
}

const shorten = (digest: string): string => digest.slice(0, 19);

async function readReport(reports: string, { run, result }: Occurrence): Promise<Report | undefined> {
  try {
    return JSON.parse(
      await readFile(join(reports, run.directory, result.drill, 'report.json'), 'utf8'),
    ) as Report;
  } catch {
    return undefined;
  }
}
