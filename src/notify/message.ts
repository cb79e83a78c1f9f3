// What a notification says: built once from the facts of a run, and rendered by each kind of target. It is also what a generic webhook
// gets as JSON; docs/notification.schema.json is generated from it.
import { z } from 'zod';
import { VERDICTS, type Verdict } from '../drill/verdict/verdict.ts';
import type { Run } from '../report/schema.ts';
import { pluralize } from '../report/view/format.ts';
import { utcNow } from '../support/clock.ts';
import type { When } from './config.ts';

const seconds = z.number().min(0).nullable().describe('seconds; null if not measured, or if there is none');
const Verdicts = z.enum(VERDICTS);

export const DrillLine = z.object({
  name: z.string(),
  verdict: Verdicts,
  previous: Verdicts.nullable().describe(
    'verdict of the last run that had this drill; null for its first run',
  ),
  reason: z.string(),
  rtaSeconds: seconds,
  rtoSeconds: seconds,
  rpaSeconds: seconds,
  rpaIsLowerBound: z.boolean().describe('the loss may reach further back than rpaSeconds'),
  rpoSeconds: seconds,
  lostWrites: z.int().min(0).nullable(),
  acknowledgedWrites: z.int().min(0),
});
export type DrillLine = z.infer<typeof DrillLine>;

export const Message = z.object({
  schema: z.literal('swarm-drill/notification@1'),
  event: z
    .enum(['start', 'end', 'failed', 'test'])
    .describe('failed: the run ended before it had a result; test: sent by hand, about no run'),
  run: z.string().nullable().describe('directory of the run; null before it has one'),
  at: z.iso.datetime().describe('UTC'),
  verdict: Verdicts.nullable().describe('the worst of the drills; null if there is none'),
  exitCode: z.int().nullable(),
  changed: z.boolean().describe('a verdict differs from that of the last run'),
  title: z.string().describe('one line'),
  reason: z.string().nullable().describe('why there is no verdict'),
  link: z.string().nullable().describe('of the CI job'),
  drills: z.array(DrillLine).describe('the worst first'),
});
export type Message = z.infer<typeof Message>;

export interface RunFacts {
  /** What is drilled, from evidence.yml. */
  readonly system: string | undefined;
  /** Of the CI job. */
  readonly link: string | null;
}

const blank = (event: Message['event'], { link }: RunFacts): Omit<Message, 'title'> => ({
  schema: 'swarm-drill/notification@1',
  event,
  run: null,
  at: utcNow(),
  verdict: null,
  exitCode: null,
  changed: false,
  reason: null,
  link,
  drills: [],
});

const title = ({ system }: RunFacts, text: string): string => `${system ?? 'swarm-drill'}: ${text}`;

export const startMessage = (facts: RunFacts, drills: number): Message => ({
  ...blank('start', facts),
  title: title(facts, `${pluralize(drills, 'drill')} started`),
});

export const testMessage = (facts: RunFacts): Message => ({
  ...blank('test', facts),
  title: title(facts, 'test message: notifications arrive here'),
});

/** For a run that ended before its drills had a result, e.g. because no lab could be opened. */
export const failedMessage = (facts: RunFacts, reason: string, exitCode: number): Message => ({
  ...blank('failed', facts),
  title: title(facts, 'no drill ran'),
  exitCode,
  changed: true,
  reason,
});

/** @param previous the last verdict of each drill before this run, by name */
export function endMessage(
  facts: RunFacts,
  directory: string,
  run: Run,
  previous: ReadonlyMap<string, Verdict>,
): Message {
  const drills = run.drills
    .map((report): DrillLine => toLine(report, previous.get(report.name) ?? null))
    .sort((a, b) => SEVERITY[a.verdict] - SEVERITY[b.verdict]);
  return {
    ...blank('end', facts),
    title: title(facts, summarize(drills)),
    run: directory,
    verdict: run.verdict,
    exitCode: run.exitCode,
    changed: drills.some(({ verdict, previous }) => verdict !== previous),
    drills,
  };
}

/** As the exit code: not-recovered is worse than inconclusive. */
const SEVERITY: Readonly<Record<Verdict, number>> = { 'not-recovered': 0, inconclusive: 1, recovered: 2 };

const toLine = (
  { name, verdict, reason, actual, objectives }: Run['drills'][number],
  previous: Verdict | null,
): DrillLine => ({
  name,
  verdict,
  previous,
  reason,
  rtaSeconds: actual.rtaSeconds,
  rtoSeconds: objectives.rtoSeconds,
  rpaSeconds: actual.rpaSeconds,
  rpaIsLowerBound: actual.rpaIsLowerBound,
  rpoSeconds: objectives.rpoSeconds,
  lostWrites: actual.lostWrites,
  acknowledgedWrites: actual.acknowledgedWrites,
});

const MOST_NAMES = 3;

/** Returns e.g. `2 of 20 drills not recovered (a, b), 1 inconclusive (c)`, or `all 20 drills recovered`. */
function summarize(drills: readonly DrillLine[]): string {
  const groups = (['not-recovered', 'inconclusive'] as const)
    .map((verdict) => ({
      words: verdict.replace('-', ' '),
      names: drills.filter((drill) => drill.verdict === verdict).map(({ name }) => name),
    }))
    .filter(({ names }) => names.length > 0);
  if (groups.length === 0)
    return drills.length === 1 ? `${drills[0]?.name} recovered` : `all ${drills.length} drills recovered`;
  return groups
    .map(({ words, names }, index) => {
      const count = index === 0 ? `${names.length} of ${pluralize(drills.length, 'drill')}` : names.length;
      const more = names.length > MOST_NAMES ? ', …' : '';
      return `${count} ${words} (${names.slice(0, MOST_NAMES).join(', ')}${more})`;
    })
    .join(', ');
}

/** Returns whether a target that is informed `when` wants this message. */
export function isWanted({ event, changed, verdict }: Message, when: When): boolean {
  if (event === 'test' || when === 'always' || changed) return true;
  return when === 'problem' && verdict !== 'recovered';
}
