// What a recovery waited for: the chain of steps that its length is made of, found by going back from the end.
import type { Step } from './schema.ts';

/** A stretch of time in which the recovery had to wait for `step`, itself part of the steps named in `within`. */
export interface Segment {
  readonly step: Step;
  readonly within: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * Links from `from` to `to`, in order and without holes where there are steps. Where steps ran side by side, the one
 * that ended last is what was waited for; what no part explains belongs to the step around it.
 */
export function findCriticalPath(steps: readonly Step[], from: number, to: number): Segment[] {
  return steps
    .filter((step) => step.offset < to && endTime(step) > from)
    .flatMap((step) => traceBack(step, [], Math.max(from, step.offset), Math.min(to, endTime(step))));
}

function traceBack(step: Step, within: readonly string[], from: number, to: number): Segment[] {
  const links: Segment[] = [];
  const own = (start: number, end: number): void => {
    if (end > start) links.unshift({ step, within, start, end });
  };
  let now = to;
  while (now > from) {
    const last = findLastBefore(step.parts, from, now);
    if (!last) break;
    const end = Math.min(endTime(last), now);
    own(end, now);
    now = Math.max(last.offset, from);
    links.unshift(...traceBack(last, [...within, step.name], now, end));
  }
  own(from, now);
  return links;
}

/** Of the parts that ran before `now`, the one that ran longest into it; of equals, the one that began first. */
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

/** The links of each step put together, longest first. */
export function sumByStep(links: readonly Segment[]): StepTotal[] {
  const sums = new Map<Step, StepTotal>();
  for (const { step, within, start, end } of links)
    sums.set(step, { step, within, seconds: (sums.get(step)?.seconds ?? 0) + end - start });
  return [...sums.values()].sort((a, b) => b.seconds - a.seconds);
}
