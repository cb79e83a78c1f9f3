// Point 5: the reports are what the journals say. They are built again with the program's own code, and compared byte by byte.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildReport } from '../../report/build.ts';
import { parseJournal, selectEvents } from '../../report/journal-reader.ts';
import { buildRun } from '../../report/run.ts';
import type { Report, Run as RunReport } from '../../report/schema.ts';
import { JOURNAL_VERSION } from '../../drill/events.ts';
import { sha256 } from '../../support/sha256.ts';
import type { Run } from '../read/run.ts';
import type { Findings } from '../result.ts';
import { checkPages } from './pages.ts';

/** A drill as its journal says. */
export interface Rebuilt {
  readonly directory: string;
  readonly report: Report;
  /** SHA-256 of the drill's text as it was when it started. */
  readonly text: string | null;
}

export interface Rerendered {
  readonly drills: readonly Rebuilt[];
  readonly run: RunReport;
  /** Milliseconds since the epoch, by the clock of the machine that ran it; null without a journal. */
  readonly firstStep: number | null;
  readonly lastStep: number | null;
}

const JOURNAL = /^([^/]+)\/journal\.jsonl$/;

/** Builds the reports of a run from nothing but its journals. */
export function rerender(run: Run): Rerendered {
  const drills = run.files.flatMap((file) => {
    const directory = JOURNAL.exec(file)?.[1];
    return directory === undefined ? [] : [rebuild(run, directory)];
  });
  const times = drills.map(
    ({ report }) => [Date.parse(report.startedAt), Date.parse(report.endedAt)] as const,
  );
  return {
    drills,
    run: buildRun(drills.map(({ report }) => report)),
    firstStep: times.length > 0 ? Math.min(...times.map(([start]) => start)) : null,
    lastStep: times.length > 0 ? Math.max(...times.map(([, end]) => end)) : null,
  };
}

function rebuild(run: Run, directory: string): Rebuilt {
  const { events, damagedLines } = parseJournal(
    readFileSync(path.join(run.path, directory, 'journal.jsonl'), 'utf8'),
  );
  const plan = selectEvents(events, 'plan')[0];
  return {
    directory,
    report: buildReport(events, { name: directory, damagedLines }),
    text: plan && plan.journal === JOURNAL_VERSION ? sha256(plan.text) : null,
  };
}

export function checkJournals(run: Run, rerendered: Rerendered, findings: Findings): void {
  const { drills, run: rebuilt } = rerendered;
  if (drills.length === 0)
    return findings.fail({ where: run.name, what: 'no drill of the run has a journal' });
  for (const { directory, report } of drills)
    compare(run, `${directory}/report.json`, report, ['verdict', 'reason'], findings);
  compare(run, 'run.json', rebuilt, ['verdict', 'exitCode'], findings);
  checkPages(run, rerendered, findings);
  findings.see(`${drills.length} journals rendered again`);
}

/** Compares a file with the text that the program writes for `value`; names the fields that people look at first. */
function compare<T extends object>(
  run: Run,
  file: string,
  value: T,
  fields: readonly (keyof T & string)[],
  findings: Findings,
): void {
  if (!run.files.includes(file))
    return findings.fail({
      where: file,
      what: 'is missing',
      expected: 'as the journal says',
      got: 'no file',
    });
  const text = readFileSync(path.join(run.path, file), 'utf8');
  if (text === `${JSON.stringify(value, null, 2)}\n`) return;
  const written = parseLoosely(text);
  const field = fields.find((name) => written[name] !== value[name]);
  findings.fail({
    where: file,
    what: 'is not what the journal says',
    expected: field ? `${field}: ${String(value[field])}` : 'the same bytes',
    got: field ? `${field}: ${String(written[field])}` : describeDifference(written, value),
  });
}

function parseLoosely(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function describeDifference(written: Record<string, unknown>, value: object): string {
  const field = Object.entries(value).find(
    ([name, is]) => JSON.stringify(written[name]) !== JSON.stringify(is),
  );
  return field ? `another ${field[0]}` : 'other bytes with the same content';
}
