// Builds a report from a journal: a pure function that accepts any prefix of a journal, so that a crash still leaves a report.
import type { JournalEvent } from '../drill/events.ts';
import { judge } from '../drill/verdict/verdict.ts';
import { measureAvailability } from './measure/availability.ts';
import { selectEvents } from './journal-reader.ts';
import { findMarks, measureActuals } from './measure/actuals.ts';
import { nameCauses } from './measure/name-causes.ts';
import type { Report, Step } from './schema.ts';
import { measureOthers } from './measure/side-by-side.ts';
import { UNFINISHED } from './measure/spans.ts';
import { buildTimeline } from './measure/timeline.ts';
import { roundToThousandths } from '../support/clock.ts';

/** What is known about a drill from outside its journal. */
export interface ReportContext {
  /** Used when the journal stops before its plan. Default `unknown`. */
  readonly name?: string;
  /** UTC, used when no event carries a date. Default: the epoch. */
  readonly at?: string;
  readonly damagedLines?: number;
}

export function buildReport(events: readonly JournalEvent[], around: ReportContext = {}): Report {
  const { name = 'unknown', at = new Date(0).toISOString(), damagedLines = 0 } = around;
  const plan = selectEvents(events, 'plan')[0];
  const end = selectEvents(events, 'end')[0];
  const failures = selectEvents(events, 'failed').map(({ phase, blame, reason, detail, hint }) => ({
    phase,
    blame,
    reason,
    detail,
    ...(hint !== undefined && { hint }),
  }));
  const total = events.at(-1)?.t ?? 0;
  const dated = events.find((event) => 'at' in event);
  const origin = Date.parse(dated?.at ?? at) - (dated?.t ?? 0) * 1000;
  const utcAt = (t: number): string => new Date(origin + t * 1000).toISOString();

  const causes = selectEvents(events, 'cause').map(({ cause }) => cause);
  const steps = nameCauses(buildTimeline(events, utcAt), causes);
  const marks = findMarks(events);
  const actual = measureActuals(events, marks);
  const objectives = plan?.objectives ?? { rtoSeconds: null, rpoSeconds: null };
  const checks = selectEvents(events, 'check').map(({ check }) => toPlainData(check));
  const proof = selectEvents(events, 'proof').flatMap(({ rows }) => rows);
  const cleanup = selectEvents(events, 'cleanup').at(-1)?.cleanup ?? null;
  const nodesAt = (when: 'before' | 'after') =>
    selectEvents(events, 'topology').findLast((event) => event.when === when)?.nodes ?? [];

  const busy = selectEvents(events, 'harness').at(-1)?.busySeconds ?? 0;
  const harness = roundToThousandths(
    steps.reduce((sum, step) => sum + (step.harness ? step.seconds : 0), busy),
  );

  return toPlainData({
    schema: 'swarm-drill/report@2',
    name: plan?.name ?? name,
    title: plan?.title ?? name,
    failureClass: plan?.failure ?? plan?.title ?? name,
    ...judge({
      objectives,
      actual,
      checks,
      failures,
      disaster: marks.disaster !== null,
      proof,
      cleanup,
      cutOff: end ? null : describeCutOff(steps),
      damagedLines,
    }),
    startedAt: utcAt(0),
    endedAt: end?.at ?? utcAt(total),
    totalSeconds: roundToThousandths(total),
    subject: plan?.subject ?? null,
    baselineTiming: findBaselineTiming(events),
    seed: plan?.seed ?? '',
    size: plan?.size ?? '',
    file: plan?.file ?? '',
    text: plan?.text ?? '',
    rerunCommand: plan?.rerunCommand ?? '',
    tags: plan?.tags ?? [],
    shard: plan?.shard ?? null,
    complete: end !== undefined,
    damagedLines,
    topology: plan?.topology ?? { managers: 0, workers: 0 },
    objectives,
    actual,
    availability: measureAvailability(events),
    marks,
    sideBySide: measureOthers(events, marks),
    steps,
    checks,
    coverage: selectEvents(events, 'coverage').flatMap(({ rows }) => rows),
    artifacts: selectEvents(events, 'artifact').map(({ artifact }) => artifact),
    disaster: proof,
    topologies: { before: nodesAt('before'), after: nodesAt('after') },
    environment: selectEvents(events, 'environment').at(-1)?.environment ?? null,
    logs: selectEvents(events, 'log').map(({ node, file, bytes }) => ({ node, file, bytes })),
    failure: failures[0] ?? null,
    harness: { seconds: harness, share: total > 0 ? roundToThousandths(harness / total) : 0 },
    cleanup,
  });
}

function findBaselineTiming(events: readonly JournalEvent[]): Report['baselineTiming'] {
  const measured = selectEvents(events, 'baseline-timing').at(-1);
  if (!measured) return null;
  const { bytes, seconds, unpackSeconds } = measured;
  return { bytes, seconds, unpackSeconds };
}

/** Returns where the journal ends, e.g. `in restore, in the step "pg_restore"`. */
function describeCutOff(steps: readonly Step[]): string {
  const row = steps.at(-1);
  if (!row) return 'before the first step';
  let step = [row].find(isUnfinished);
  for (let inner = step; inner; inner = inner.parts.findLast(isUnfinished)) step = inner;
  return step ? `in ${row.phase}, in the step "${step.name}"` : `in ${row.phase}`;
}
const isUnfinished = (step: Step): boolean => step.error === UNFINISHED;

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
/** Copies the journal's read-only facts: a report is plain data that shares nothing with its source. */
const toPlainData = <T>(value: T): Mutable<T> => structuredClone(value) as Mutable<T>;
