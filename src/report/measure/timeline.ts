// Builds the steps of a report: one after the other, without gaps, so that they add up to the drill's total.
import { AUTHOR_PHASES, OWN_CODE, type JournalEvent } from '../../drill/events.ts';
import type { Step } from '../schema.ts';
import { collectSpans, type PhaseSpan, type Span, type WaitMark } from './spans.ts';

/** In seconds. A shorter gap belongs to the step after it. */
const SMALLEST_GAP = 0.001;

const BETWEEN = 'between steps';
/** In seconds. So much of the drill's own code is a step like any other. */
const WORTH_A_STEP = 0.25;

/** @param utcAt returns the UTC time of a moment given in seconds since the drill started */
export function buildTimeline(events: readonly JournalEvent[], utcAt: (t: number) => string): Step[] {
  const rows: Row[] = [];
  let now = 0;
  const add = (phase: PhaseSpan, span: Span): void => {
    if (span.start - now >= SMALLEST_GAP)
      rows.push({ phase, span: createFiller(phase, BETWEEN, now, span.start) });
    const start = span.start - now >= SMALLEST_GAP ? span.start : now;
    now = Math.max(start, span.end);
    rows.push({ phase, span: { ...span, start, end: now } });
  };
  for (const phase of collectSpans(events)) {
    const steps = groupParallel(phase.steps.map((step) => clampSpan(step, phase.start, phase.end)));
    for (const span of steps) add(phase, span);
    if (phase.end - now < SMALLEST_GAP) continue;
    const name = steps.length === 0 ? phase.phase : BETWEEN;
    rows.push({ phase, span: createFiller(phase, name, now, phase.end) });
    now = phase.end;
  }
  return rows.map(({ phase, span }) => toStep(span, phase, utcAt));
}

interface Row {
  readonly phase: PhaseSpan;
  readonly span: Span;
}

/** Creates a row for time that no step accounts for: a phase without steps, the drill's own code, or the runner's work between two steps. */
function createFiller(phase: PhaseSpan, name: string, start: number, end: number): Span {
  const waits = phase.waits.filter((wait) => wait.t >= start && wait.t < end);
  const ok = phase.ok || end < phase.end;
  const isGap = name === BETWEEN;
  const isOwn = isGap && AUTHOR_PHASES.has(phase.phase);
  const shown = isOwn ? OWN_CODE : name;
  const gap = isGap && !(isOwn && end - start >= WORTH_A_STEP);
  return { name: shown, harness: isGap && !isOwn, gap, start, end, ok, error: null, waits, parts: [] };
}

/** Cuts off a step that was left running (its sibling failed) at the end of what it belongs to. */
function clampSpan(span: Span, from: number, to: number): Span {
  const start = clamp(span.start, from, to);
  const end = clamp(span.end, start, to);
  return { ...span, start, end, parts: span.parts.map((part) => clampSpan(part, start, end)) };
}
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Turns top-level steps that overlap into the parts of one row. */
function groupParallel(spans: readonly Span[]): Span[] {
  const groups: Span[][] = [];
  for (const span of spans) {
    const group = groups.at(-1);
    const end = Math.max(0, ...(group ?? []).map((member) => member.end));
    if (group && end - span.start >= SMALLEST_GAP) group.push(span);
    else groups.push([span]);
  }
  return groups.map((group) => (group.length === 1 && group[0] ? group[0] : mergeParallel(group)));
}

const mergeParallel = (group: readonly Span[]): Span => ({
  name: `${group.length} parallel steps`,
  harness: group.every((span) => span.harness),
  start: Math.min(...group.map((span) => span.start)),
  end: Math.max(...group.map((span) => span.end)),
  ok: group.every((span) => span.ok),
  error: group.find((span) => span.error !== null)?.error ?? null,
  waits: [],
  parts: [...group],
});

function toStep(span: Span, { phase }: Pick<PhaseSpan, 'phase'>, utcAt: (t: number) => string): Step {
  const { name, harness, gap = false, operation, command, ok, error, start, end } = span;
  return {
    name,
    phase,
    startedAt: utcAt(start),
    offset: toMilliseconds(start) / 1000,
    seconds: (toMilliseconds(end) - toMilliseconds(start)) / 1000,
    ok,
    harness,
    gap,
    ...(operation && { operation }),
    ...(command && { command: { ...command } }),
    error,
    waits: sumWaits(span.waits, end),
    parts: span.parts.map((part) => toStep(part, { phase }, utcAt)),
  };
}
const toMilliseconds = (t: number): number => Math.round(t * 1000);

/** Adds up waits by reason. A wait lasts until the next one of its step. */
function sumWaits(marks: readonly WaitMark[], end: number): Step['waits'] {
  const lasted = new Map<string, number>();
  marks.forEach(({ t, because }, index) => {
    const until = Math.min(marks[index + 1]?.t ?? end, end);
    lasted.set(because, (lasted.get(because) ?? 0) + Math.max(0, toMilliseconds(until) - toMilliseconds(t)));
  });
  return [...lasted].map(([because, ms]) => ({ because, seconds: ms / 1000 }));
}
