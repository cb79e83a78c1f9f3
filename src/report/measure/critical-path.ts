// The critical path of a recovery: the chain of steps that determined its length, found by going back from its end.
import type { Step } from '../schema.ts';

/** A period in which the recovery waited for `step`; `within` names the steps around it, outermost first. */
export interface Segment {
  readonly step: Step;
  readonly within: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * Returns the segments from `from` to `to`, in order, without gaps where there are steps. Of parallel steps, the one
 * that ended last counts; time that no part accounts for belongs to the step around it.
 */
export function findCriticalPath(steps: readonly Step[], from: number, to: number): Segment[] {
  return steps
    .filter((step) => step.offset < to && endTime(step) > from)
    .flatMap((step) => traceBack(step, [], Math.max(from, step.offset), Math.min(to, endTime(step))));
}

function traceBack(step: Step, within: readonly string[], from: number, to: number): Segment[] {
  const segments: Segment[] = [];
  const own = (start: number, end: number): void => {
    if (end > start) segments.unshift({ step, within, start, end });
  };
  let now = to;
  while (now > from) {
    const last = findLastBefore(step.parts, from, now);
    if (!last) break;
    const end = Math.min(endTime(last), now);
    own(end, now);
    now = Math.max(last.offset, from);
    segments.unshift(...traceBack(last, [...within, step.name], now, end));
  }
  own(from, now);
  return segments;
}

/** Returns the part that ran before `now` and ended last, cut off at `now`; of equals, the one that started first. */
const findLastBefore = (parts: readonly Step[], from: number, now: number): Step | undefined =>
  parts
    .filter((part) => part.seconds > 0 && part.offset < now && endTime(part) > from)
    .toSorted((a, b) => Math.min(endTime(b), now) - Math.min(endTime(a), now) || a.offset - b.offset)[0];

export const endTime = (step: Step): number => step.offset + step.seconds;

export interface StepTotal {
  readonly step: Step;
  readonly within: readonly string[];
  readonly seconds: number;
}

/** Adds up the segments of each step, longest first. */
export function sumByStep(segments: readonly Segment[]): StepTotal[] {
  const sums = new Map<Step, StepTotal>();
  for (const { step, within, start, end } of segments)
    sums.set(step, { step, within, seconds: (sums.get(step)?.seconds ?? 0) + end - start });
  return [...sums.values()].sort((a, b) => b.seconds - a.seconds);
}
