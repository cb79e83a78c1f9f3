// The waterfall: every step at its place in time, by phase, with the recovery window behind it.
import { findCriticalPath, sumByStep } from '../critical-path.ts';
import type { Report, Step } from '../schema.ts';
import { pluralize, cssPercent, formatShare, formatTime } from './format.ts';

/** Holes between steps shorter than this, in seconds, are counted but not drawn. */
const SMALLEST_DRAWN = 0.25;
const WAITS_SHOWN = 3;
/** Of the longest wait: what held the recovery up for less is not marked as such. */
const WORTH_SHOWING = 0.02;

export function buildWaterfall(report: Report) {
  const { steps, totalSeconds: total, marks } = report;
  if (steps.length === 0) return null;
  const until = marks.firstResponse ?? total;
  const links = marks.disaster === null ? [] : findCriticalPath(steps, marks.disaster, until);
  const longest = sumByStep(links);
  const scene: Scene = {
    total,
    waitedFor: new Set(
      longest
        .filter(({ seconds }) => seconds >= WORTH_SHOWING * (longest[0]?.seconds ?? 0))
        .map(({ step }) => step),
    ),
    inWindow: (step) =>
      marks.disaster !== null && step.offset + step.seconds > marks.disaster && step.offset < until,
  };
  const isTiny = (step: Step): boolean => step.name === 'between steps' && step.seconds < SMALLEST_DRAWN;
  const tiny = steps.filter(isTiny);

  return {
    disaster: marks.disaster === null ? '-10%' : cssPercent(marks.disaster, total),
    usable: marks.firstResponse === null ? '-10%' : cssPercent(marks.firstResponse, total),
    windowEnd: marks.disaster === null ? '-10%' : cssPercent(until, total),
    proven: marks.proven === null ? '-10%' : cssPercent(marks.proven, total),
    ticks: buildTicks(total),
    flags: (
      [
        ['disaster', marks.disaster],
        ['usable', marks.firstResponse],
        ['proven', marks.proven],
      ] as const
    ).flatMap(([name, at]) => {
      if (at === null) return [];
      return [
        {
          name,
          at: `at ${at.toFixed(1)} s`,
          left: cssPercent(at, total),
          side: at > total / 2 ? 'before' : 'after',
        },
      ];
    }),
    phases: groupByPhase(steps).map(({ phase, rows }) => {
      const first = rows[0]?.offset ?? 0;
      const seconds = rows.reduce((sum, step) => sum + step.seconds, 0);
      const bare = rows.length === 1 && rows[0]?.name === phase;
      const own = bare && rows[0] ? buildStepRow(rows[0], 0, scene) : null;
      return {
        phase,
        seconds: formatTime(seconds),
        left: cssPercent(first, total),
        width: cssPercent(seconds, total),
        own,
        rows: bare ? [] : rows.filter((step) => !isTiny(step)).map((step) => buildStepRow(step, 0, scene)),
      };
    }),
    total: formatTime(total),
    harness: {
      seconds: formatTime(report.harness.seconds),
      share: formatShare(report.harness.seconds, total),
    },
    tiny: tiny.length > 0 && {
      count: pluralize(tiny.length, 'hole'),
      seconds: formatTime(tiny.reduce((sum, step) => sum + step.seconds, 0)),
    },
  };
}

interface Scene {
  readonly total: number;
  readonly waitedFor: ReadonlySet<Step>;
  readonly inWindow: (step: Step) => boolean;
}

interface StepRow {
  readonly name: string;
  readonly depth: number;
  readonly left: string;
  readonly width: string;
  readonly seconds: string;
  readonly at: string;
  readonly tone: string;
  readonly harness: boolean;
  readonly failed: boolean;
  readonly error: string | null;
  readonly waits: readonly { readonly because: string; readonly seconds: string }[];
  readonly moreWaits: { readonly count: string; readonly seconds: string } | null;
  readonly open: boolean;
  readonly hasParts: boolean;
  readonly parts: readonly StepRow[];
}

function buildStepRow(step: Step, depth: number, scene: Scene): StepRow {
  const waits = step.waits.toSorted((a, b) => b.seconds - a.seconds);
  const hidden = waits.slice(WAITS_SHOWN);
  return {
    name: step.name,
    depth,
    left: cssPercent(step.offset, scene.total),
    width: cssPercent(step.seconds, scene.total),
    seconds: formatTime(step.seconds),
    at: `${formatTime(step.offset)} to ${formatTime(step.offset + step.seconds)}`,
    tone: chooseTone(step, scene),
    harness: step.harness,
    failed: !step.ok,
    error: step.error,
    waits: waits
      .slice(0, WAITS_SHOWN)
      .map((wait) => ({ because: wait.because, seconds: formatTime(wait.seconds) })),
    moreWaits:
      hidden.length === 0
        ? null
        : {
            count: pluralize(hidden.length, 'more reason'),
            seconds: formatTime(hidden.reduce((sum, wait) => sum + wait.seconds, 0)),
          },
    open: !step.ok || scene.inWindow(step),
    hasParts: step.parts.length > 0,
    parts: step.parts.map((part) => buildStepRow(part, depth + 1, scene)),
  };
}

function chooseTone(step: Step, { waitedFor, inWindow }: Scene): string {
  if (!step.ok) return 'failed';
  if (step.harness) return 'harness';
  if (waitedFor.has(step)) return 'critical';
  return inWindow(step) ? 'window' : 'plain';
}

function groupByPhase(steps: readonly Step[]): { phase: string; rows: Step[] }[] {
  const phases: { phase: string; rows: Step[] }[] = [];
  for (const step of steps) {
    const last = phases.at(-1);
    if (last?.phase === step.phase) last.rows.push(step);
    else phases.push({ phase: step.phase, rows: [step] });
  }
  return phases;
}

/** Between four and ten round seconds along the axis. */
function buildTicks(total: number): { left: string; label: string }[] {
  const rough = total / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const width = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
  return Array.from({ length: Math.floor(total / width) + 1 }, (_, i) => ({
    left: cssPercent(i * width, total),
    label: `${Number((i * width).toPrecision(6))} s`,
  })).filter((tick) => Number.parseFloat(tick.left) < 94);
}
