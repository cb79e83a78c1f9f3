// The recovery as one bar that starts at the disaster, and the table of the steps it waited for.
import { findCriticalPath, sumByStep, type StepTotal } from '../measure/critical-path.ts';
import { phaseLabel } from '../phase-label.ts';
import type { Report } from '../schema.ts';
import { buildCauses } from './causes-view.ts';
import { formatObjective, cssPercent, formatShare, formatTime } from './format.ts';

/** How many of the longest steps get a number and a row each. */
const MOST_RANKED = 6;

interface Flag {
  readonly name: string;
  readonly value: string;
  readonly left: string;
  /** CSS class: the side of the line on which the text is. */
  readonly side: 'before' | 'after';
  readonly tone: string;
}

export function buildRecovery({ marks, actual, objectives, steps }: Report) {
  const { disaster, firstResponse } = marks;
  if (disaster === null || firstResponse === null || actual.rtaSeconds === null) return null;
  const rta = firstResponse - disaster;
  const segments = findCriticalPath(steps, disaster, firstResponse);
  const ranked = sumByStep(segments.filter(({ step }) => !step.gap)).slice(0, MOST_RANKED);
  const rankOf = (step: object): number => ranked.findIndex((row) => row.step === step) + 1;
  const named = ranked.reduce((sum, row) => sum + row.seconds, 0);
  const scale = Math.max(rta, actual.provenSeconds ?? 0, objectives.rtoSeconds ?? 0) * 1.03;

  const flag = (name: string, value: string, at: number | null, tone: string): (Flag & { at: number })[] => {
    if (at === null) return [];
    return [
      { name, value, at, left: cssPercent(at, scale), side: at > scale * 0.6 ? 'before' : 'after', tone },
    ];
  };
  return {
    rta: formatTime(actual.rtaSeconds),
    length: cssPercent(rta, scale),
    segments: segments.map(({ step, start, end }) => ({
      name: step.name,
      seconds: formatTime(end - start),
      left: cssPercent(start - disaster, scale),
      width: cssPercent(end - start, scale),
      rank: rankOf(step) || '',
      tone: rankOf(step) === 0 ? 'rest' : `rank${Math.min(rankOf(step), 4)}`,
      wide: (end - start) / scale > 0.035,
    })),
    flags: [
      flag(phaseLabel('first-response'), `RTA ${formatTime(actual.rtaSeconds)}`, rta, 'first-response'),
      flag('proven', formatTime(actual.provenSeconds), actual.provenSeconds, 'proven'),
      flag('objective', `RTO ${formatObjective(objectives.rtoSeconds)}`, objectives.rtoSeconds, 'objective'),
    ]
      .flat()
      .sort((a, b) => a.at - b.at),
    rows: ranked.map((row, index) => buildRankedRow(row, index + 1, rta, ranked[0]?.seconds ?? 0)),
    rest:
      rta - named > 0.0005
        ? { seconds: formatTime(rta - named), share: formatShare(rta - named, rta) }
        : null,
  };
}
function buildRankedRow({ step, within, seconds }: StepTotal, rank: number, rta: number, longest: number) {
  const waits = step.waits.toSorted((a, b) => b.seconds - a.seconds);
  return {
    rank,
    tone: `rank${Math.min(rank, 4)}`,
    name: step.name,
    within: within.join(' › '),
    hasWithin: within.length > 0,
    seconds: formatTime(seconds),
    share: formatShare(seconds, rta),
    width: cssPercent(seconds, longest),
    causes: buildCauses(step),
    waits: waits.map((wait) => ({ because: wait.because, seconds: formatTime(wait.seconds) })),
  };
}
