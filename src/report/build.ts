// From journal to report: pure, and good for any beginning of a journal, so that a crash still leaves a report.
import type { JournalEvent } from '../drill/events.ts';
import { judge } from '../drill/verdict.ts';
import { eventsOf } from './journal-reader.ts';
import { marksOf, measure } from './measure.ts';
import type { Report, Step } from './schema.ts';
import { UNFINISHED } from './spans.ts';
import { timeline } from './timeline.ts';

/** What is known of a drill from outside of its journal. */
export interface Surroundings {
  /** Used when the journal stops before its plan. Default `unknown`. */
  readonly name?: string;
  /** UTC, used when no event says when it was. Default: the epoch. */
  readonly at?: string;
  readonly damagedLines?: number;
}

export function buildReport(events: readonly JournalEvent[], around: Surroundings = {}): Report {
  const { name = 'unknown', at = new Date(0).toISOString(), damagedLines = 0 } = around;
  const plan = eventsOf(events, 'plan')[0];
  const end = eventsOf(events, 'end')[0];
  const failures = eventsOf(events, 'failed').map(({ phase, blame, reason, detail }) => ({
    phase,
    blame,
    reason,
    detail,
  }));
  const total = events.at(-1)?.t ?? 0;
  const dated = events.find((event) => 'at' in event);
  const origin = Date.parse(dated?.at ?? at) - (dated?.t ?? 0) * 1000;
  const utcAt = (t: number): string => new Date(origin + t * 1000).toISOString();

  const steps = timeline(events, utcAt);
  const marks = marksOf(events);
  const actual = measure(events, marks);
  const objectives = plan?.objectives ?? { rtoSeconds: null, rpoSeconds: null };
  const checks = eventsOf(events, 'check').map(({ check }) => mutable(check));
  const proof = eventsOf(events, 'proof').flatMap(({ rows }) => rows);
  const cleanup = eventsOf(events, 'cleanup').at(-1)?.cleanup ?? null;
  const nodesAt = (when: 'before' | 'after') =>
    eventsOf(events, 'topology').findLast((event) => event.when === when)?.nodes ?? [];

  const busy = eventsOf(events, 'harness').at(-1)?.busySeconds ?? 0;
  const harness = round(steps.reduce((sum, step) => sum + (step.harness ? step.seconds : 0), busy));

  return mutable({
    schema: 'swarm-drill/report@2',
    name: plan?.name ?? name,
    title: plan?.title ?? name,
    ...judge({
      objectives,
      actual,
      checks,
      failures,
      disaster: marks.disaster !== null,
      proof,
      cleanup,
      cutOff: end ? null : whereItStops(steps),
      damagedLines,
    }),
    startedAt: utcAt(0),
    endedAt: end?.at ?? utcAt(total),
    totalSeconds: round(total),
    subject: plan?.subject ?? null,
    baselineTiming: baselineTimingOf(events),
    seed: plan?.seed ?? '',
    size: plan?.size ?? '',
    file: plan?.file ?? '',
    text: plan?.text ?? '',
    rerunCommand: plan?.rerunCommand ?? '',
    complete: end !== undefined,
    damagedLines,
    topology: plan?.topology ?? { managers: 0, workers: 0 },
    objectives,
    actual,
    marks,
    steps,
    checks,
    coverage: eventsOf(events, 'coverage').flatMap(({ rows }) => rows),
    artifacts: eventsOf(events, 'artifact').map(({ artifact }) => artifact),
    disaster: proof,
    topologies: { before: nodesAt('before'), after: nodesAt('after') },
    environment: eventsOf(events, 'environment').at(-1)?.environment ?? null,
    logs: eventsOf(events, 'log').map(({ node, file, bytes }) => ({ node, file, bytes })),
    failure: failures[0] ?? null,
    harness: { seconds: harness, share: total > 0 ? round(harness / total) : 0 },
    cleanup,
  });
}

function baselineTimingOf(events: readonly JournalEvent[]): Report['baselineTiming'] {
  const measured = eventsOf(events, 'baseline-timing').at(-1);
  if (!measured) return null;
  const { bytes, seconds, unpackSeconds } = measured;
  return { bytes, seconds, unpackSeconds };
}

/** E.g. `in restore, in the step "pg_restore"`. */
function whereItStops(steps: readonly Step[]): string {
  const row = steps.at(-1);
  if (!row) return 'before anything happened';
  let step = [row].find(isOpen);
  for (let inner = step; inner; inner = inner.parts.findLast(isOpen)) step = inner;
  return step ? `in ${row.phase}, in the step "${step.name}"` : `in ${row.phase}`;
}
const isOpen = (step: Step): boolean => step.error === UNFINISHED;

const round = (value: number): number => Math.round(value * 1000) / 1000;

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
/** The journal's facts are read-only by type; a report is plain data of its own. */
const mutable = <T>(value: T): Mutable<T> => structuredClone(value) as Mutable<T>;
