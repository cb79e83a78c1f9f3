// What a recovery waited for: the chain of steps that its length is made of, found by going back from the end.
import type { Step } from './schema.ts';

/** A stretch of time in which the recovery had to wait for `step`, itself part of the steps named in `within`. */
export interface Link {
  readonly step: Step;
  readonly within: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * Links from `from` to `to`, in order and without holes where there are steps. Where steps ran side by side, the one
 * that ended last is what was waited for; what no part explains belongs to the step around it.
 */
export function criticalPath(steps: readonly Step[], from: number, to: number): Link[] {
  return steps
    .filter((step) => step.offset < to && endOf(step) > from)
    .flatMap((step) => linksOf(step, [], Math.max(from, step.offset), Math.min(to, endOf(step))));
}

function linksOf(step: Step, within: readonly string[], from: number, to: number): Link[] {
  const links: Link[] = [];
  const own = (start: number, end: number): void => {
    if (end > start) links.unshift({ step, within, start, end });
  };
  let now = to;
  while (now > from) {
    const last = lastBefore(step.parts, from, now);
    if (!last) break;
    const end = Math.min(endOf(last), now);
    own(end, now);
    now = Math.max(last.offset, from);
    links.unshift(...linksOf(last, [...within, step.name], now, end));
  }
  own(from, now);
  return links;
}

/** Of the parts that ran before `now`, the one that ran longest into it; of equals, the one that began first. */
const lastBefore = (parts: readonly Step[], from: number, now: number): Step | undefined =>
  parts
    .filter((part) => part.seconds > 0 && part.offset < now && endOf(part) > from)
    .toSorted((a, b) => Math.min(endOf(b), now) - Math.min(endOf(a), now) || a.offset - b.offset)[0];

export const endOf = (step: Step): number => step.offset + step.seconds;

export interface WaitedFor {
  readonly step: Step;
  readonly within: readonly string[];
  readonly seconds: number;
}

/** The links of each step put together, longest first. */
export function longestFirst(links: readonly Link[]): WaitedFor[] {
  const sums = new Map<Step, WaitedFor>();
  for (const { step, within, start, end } of links)
    sums.set(step, { step, within, seconds: (sums.get(step)?.seconds ?? 0) + end - start });
  return [...sums.values()].sort((a, b) => b.seconds - a.seconds);
}
