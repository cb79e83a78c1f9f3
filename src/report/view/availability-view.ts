// How available the workload was, drawn over time: acknowledged writes upwards, failed ones downwards, the longest gap shaded.
import type { Availability, Report } from '../schema.ts';
import { phaseLabel } from '../phase-label.ts';
import { buildTicks } from './axis.ts';
import { cssPercent, formatInteger, formatTime, NOT_MEASURED, pluralize } from './format.ts';

/** Units of the drawing's own coordinates; it is stretched to the width of the page. */
const HEIGHT = { acknowledged: 64, failed: 36 };
const WIDTH = 1000;
/** Share of an interval that its bar fills. */
const BAR = 0.8;
const REASONS_SHOWN = 5;

/** Returns null without continuous writes. */
export function buildAvailability({ availability, marks }: Report) {
  if (!availability) return null;
  const { series, errors } = availability;
  const [first, last] = [series[0], series.at(-1)];
  const from = first?.offset ?? 0;
  const length = last ? last.offset + last.seconds - from : 0;
  const at = (t: number): number => Math.min(Math.max((WIDTH * (t - from)) / (length || 1), 0), WIDTH);
  const flag = (tone: string, label: string, t: number | null) =>
    t === null || t < from || t > from + length
      ? []
      : [
          {
            tone,
            label,
            at: `at ${t.toFixed(1)} s`,
            left: cssPercent(t - from, length),
            side: sideOf(t - from, length),
          },
        ];
  return {
    gap: formatGap(availability),
    usual: availability.usualSeconds === null ? null : formatTime(availability.usualSeconds),
    attempts: pluralize(availability.attempts, 'write'),
    failed: formatInteger(availability.failed),
    lost: availability.lostWrites === null ? NOT_MEASURED : formatInteger(availability.lostWrites),
    width: WIDTH,
    height: HEIGHT.acknowledged + HEIGHT.failed,
    base: HEIGHT.acknowledged,
    shade: buildShade(availability, at),
    bars: buildBars(series, at),
    flags: [
      ...flag('disaster', 'disaster', marks.disaster),
      ...flag('first-response', phaseLabel('first-response'), marks.firstResponse),
    ],
    ticks: length > 0 ? buildTicks(length, from) : [],
    errors: errors
      .slice(0, REASONS_SHOWN)
      .map(({ reason, count }) => ({ reason, count: formatInteger(count) })),
    hasErrors: errors.length > 0,
    moreErrors:
      errors.length > REASONS_SHOWN
        ? pluralize(
            errors.slice(REASONS_SHOWN).reduce((sum, { count }) => sum + count, 0),
            'other failure',
          )
        : null,
  };
}

const sideOf = (at: number, length: number): 'before' | 'after' => (at > length / 2 ? 'before' : 'after');

/** Formats the longest gap; `at least` if no write was acknowledged after it. */
export function formatGap(availability: Availability | null): string {
  if (!availability || availability.longestGapSeconds === null) return NOT_MEASURED;
  const time = formatTime(availability.longestGapSeconds);
  return availability.gapEndedAt === null ? `at least ${time}` : time;
}

/** Shades only a gap with failed attempts: the others are single writes. */
function buildShade(
  { gapStartedAt, gapEndedAt, longestGapSeconds, failed }: Availability,
  at: (t: number) => number,
) {
  if (gapStartedAt === null || longestGapSeconds === null || failed === 0) return null;
  const x = at(gapStartedAt);
  return { x: x.toFixed(1), width: (at(gapEndedAt ?? gapStartedAt + longestGapSeconds) - x).toFixed(1) };
}

function buildBars(series: Availability['series'], at: (t: number) => number) {
  const most = {
    acknowledged: Math.max(1, ...series.map(({ acknowledged }) => acknowledged)),
    failed: Math.max(1, ...series.map(({ failed }) => failed)),
  };
  return series.flatMap(({ offset, seconds, ...counts }) => {
    const x = at(offset);
    const width = (at(offset + seconds) - x) * BAR;
    return (['acknowledged', 'failed'] as const).flatMap((kind) => {
      if (counts[kind] === 0) return [];
      const height = (HEIGHT[kind] * counts[kind]) / most[kind];
      const y = kind === 'acknowledged' ? HEIGHT.acknowledged - height : HEIGHT.acknowledged;
      return [
        {
          kind,
          x: x.toFixed(1),
          width: width.toFixed(1),
          y: y.toFixed(1),
          height: height.toFixed(1),
          words: `${offset.toFixed(1)} s: ${pluralize(counts.acknowledged, 'write')} acknowledged, ${formatInteger(counts.failed)} failed`,
        },
      ];
    });
  });
}
