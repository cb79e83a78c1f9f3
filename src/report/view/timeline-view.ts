// The waterfall: every step on a time axis, by phase, with the recovery window in the background.
import type { Phase } from '../../drill/events.ts';
import { findCriticalPath, sumByStep } from '../measure/critical-path.ts';
import { phaseLabel } from '../phase-label.ts';
import type { Report, Step } from '../schema.ts';
import { buildCauses } from './causes-view.ts';
import { buildTicks } from './axis.ts';
import { pluralize, cssPercent, formatShare, formatTime } from './format.ts';

/** In seconds. Shorter gaps between steps are counted but not drawn. */
const SMALLEST_DRAWN = 0.25;
const WAITS_SHOWN = 3;
/** Share of the longest step on the critical path; shorter ones are not marked as critical. */
const SMALLEST_CRITICAL = 0.02;

export function buildWaterfall(report: Report) {
  const { steps, totalSeconds: total, marks } = report;
  if (steps.length === 0) return null;
  const until = marks.firstResponse ?? total;
  const path = marks.disaster === null ? [] : findCriticalPath(steps, marks.disaster, until);
  const longest = sumByStep(path);
  const scene: Scene = {
    total,
    critical: new Set(
      longest
        .filter(({ seconds }) => seconds >= SMALLEST_CRITICAL * (longest[0]?.seconds ?? 0))
        .map(({ step }) => step),
    ),
    inWindow: (step) =>
      marks.disaster !== null && step.offset + step.seconds > marks.disaster && step.offset < until,
  };
  const isTiny = (step: Step): boolean => step.gap && step.seconds < SMALLEST_DRAWN;
  const tiny = steps.filter(isTiny);

  return {
    disaster: marks.disaster === null ? '-10%' : cssPercent(marks.disaster, total),
    firstResponse: marks.firstResponse === null ? '-10%' : cssPercent(marks.firstResponse, total),
    windowEnd: marks.disaster === null ? '-10%' : cssPercent(until, total),
    proven: marks.proven === null ? '-10%' : cssPercent(marks.proven, total),
    ticks: buildTicks(total),
    flags: (
      [
        ['disaster', 'disaster', marks.disaster],
        ['first-response', phaseLabel('first-response'), marks.firstResponse],
        ['proven', 'proven', marks.proven],
      ] as const
    ).flatMap(([tone, label, at]) => {
      if (at === null) return [];
      return [
        {
          tone,
          label,
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
        phase: phaseLabel(phase),
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
      count: pluralize(tiny.length, 'gap'),
      seconds: formatTime(tiny.reduce((sum, step) => sum + step.seconds, 0)),
    },
  };
}

interface Scene {
  readonly total: number;
  readonly critical: ReadonlySet<Step>;
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
  readonly causes: ReturnType<typeof buildCauses>;
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
    causes: buildCauses(step),
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

function chooseTone(step: Step, { critical, inWindow }: Scene): string {
  if (!step.ok) return 'failed';
  if (step.harness) return 'harness';
  if (critical.has(step)) return 'critical';
  return inWindow(step) ? 'window' : 'plain';
}

function groupByPhase(steps: readonly Step[]): { phase: Phase; rows: Step[] }[] {
  const phases: { phase: Phase; rows: Step[] }[] = [];
  for (const step of steps) {
    const last = phases.at(-1);
    if (last?.phase === step.phase) last.rows.push(step);
    else phases.push({ phase: step.phase, rows: [step] });
  }
  return phases;
}
