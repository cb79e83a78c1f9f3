// The calendar of nights: a column for each week, a cell for each night. Shape and colour both show the state.
import { formatInteger, pluralize } from '../../report/view/format.ts';
import { counts, type PastRun } from '../runs/past-run.ts';
import { occurrencesOf } from '../runs/past-run.ts';
import type { Status } from '../status/status.ts';
import { buildNights, dateOf, type Due, type Night, NIGHT_STATES, type NightState } from './calendar.ts';
import { linkToRun } from './run-rows.ts';

const DAY_MS = 86_400_000;
const WEEKS = 53;
/** Units of the drawing: the size of a cell and the distance to the next. */
const CELL = 12;
const STEP = 15;
const LEFT = 34;
const TOP = 18;
/** Nights in the list below it. */
const LISTED = 20;

const WORDS: Readonly<Record<NightState, string>> = {
  recovered: 'recovered',
  'not-recovered': 'not recovered',
  inconclusive: 'inconclusive',
  'did not end': 'did not end',
  missing: 'no run, although one was due',
  running: 'running',
  none: 'no run',
};
/** CSS classes. */
const TONES: Readonly<Record<NightState, string>> = {
  recovered: 'good',
  'not-recovered': 'bad',
  inconclusive: 'open',
  'did not end': 'cut',
  missing: 'missing',
  running: 'running',
  none: 'none',
};
/** Without a legend: nights to come, and those of before the first run. */
const UNEXPLAINED: readonly NightState[] = ['running', 'none'];

/** Returns null without runs. @param runs newest first */
export function buildCalendar(runs: readonly PastRun[], status: Status) {
  const oldest = runs.at(-1);
  if (!oldest) return null;
  const to = dateOf(status.at);
  const from = firstDate(dateOf(oldest.startedAt), to);
  const nights = buildNights(runs, collectDue(runs, status), from, to);
  const first = startOfWeek(from);
  const column = (date: string): number => Math.floor((Date.parse(date) - first) / DAY_MS / 7);
  const cells = nights
    .filter(({ state }) => state !== 'none')
    .map((night) => ({
      tone: TONES[night.state],
      ...marksOf(night.state),
      x: LEFT + STEP * column(night.date),
      y: TOP + STEP * weekday(night.date),
      words: describeNight(night),
    }));
  const weeks = column(to) + 1;
  return {
    width: LEFT + STEP * weeks,
    height: TOP + STEP * 7,
    cell: CELL,
    cells,
    bed: describeBed(from, to, column),
    months: listMonths(from, to, column),
    weekdays: ['Mon', 'Wed', 'Fri', 'Sun'].map((name, index) => ({ name, y: TOP + STEP * 2 * index + 10 })),
    legend: NIGHT_STATES.filter((state) => !UNEXPLAINED.includes(state)).map((state) => ({
      tone: TONES[state],
      ...marksOf(state),
      words: WORDS[state],
      count: formatInteger(nights.filter((night) => night.state === state).length),
    })),
    words: summarizeNights(nights, from, to),
    span: `${from} to ${to}`,
    troubled: listTroubled(nights),
    hasTroubled: nights.some(isTroubled),
    moreTroubled: Math.max(0, nights.filter(isTroubled).length - LISTED) || null,
  };
}

/** What is drawn on a cell, in addition to its colour. */
const marksOf = (state: NightState) => ({
  cross: state === 'not-recovered',
  dash: state === 'inconclusive',
  half: state === 'did not end',
  hole: state === 'missing',
});

/** The last 53 weeks, or since the first run. */
function firstDate(oldest: string, to: string): string {
  const year = dateOf(startOfWeek(to) - (WEEKS - 1) * 7 * DAY_MS);
  return oldest > year ? oldest : year;
}

/** Monday is 0. */
const weekday = (date: string): number => (new Date(date).getUTCDay() + 6) % 7;
const startOfWeek = (date: string): number => Date.parse(date) - weekday(date) * DAY_MS;

function collectDue(runs: readonly PastRun[], { drills }: Status): Due[] {
  const required = new Map(
    drills.flatMap(({ drill, requiredSeconds, state }) =>
      requiredSeconds === null || state === 'retired' ? [] : [[drill, requiredSeconds] as const],
    ),
  );
  const occurrences = Map.groupBy(runs.filter(counts).flatMap(occurrencesOf), ({ result }) => result.drill);
  return [...required].map(([drill, requiredSeconds]) => ({
    drill,
    requiredSeconds,
    results: (occurrences.get(drill) ?? []).map(({ run }) => run.startedAt).sort(),
  }));
}

/** One pale square for each night of the calendar: a path, since there are hundreds of them. */
function describeBed(from: string, to: string, column: (date: string) => number): string {
  const squares: string[] = [];
  for (let day = Date.parse(from); day <= Date.parse(to); day += DAY_MS) {
    const date = dateOf(day);
    squares.push(`M${LEFT + STEP * column(date)} ${TOP + STEP * weekday(date)}h${CELL}v${CELL}h-${CELL}z`);
  }
  return squares.join('');
}

function listMonths(from: string, to: string, column: (date: string) => number) {
  const months: { x: number; name: string }[] = [];
  for (let day = Date.parse(from); day <= Date.parse(to); day += DAY_MS) {
    const date = new Date(day);
    if (date.getUTCDate() !== 1) continue;
    const name = date.toLocaleDateString('en-GB', { month: 'short', timeZone: 'UTC' });
    months.push({
      x: LEFT + STEP * column(dateOf(day)),
      name: date.getUTCMonth() === 0 ? String(date.getUTCFullYear()) : name,
    });
  }
  return months;
}

function describeNight({ date, state, runs, due }: Night): string {
  const more =
    runs.length > 1 ? ` (${pluralize(runs.length, 'run')})` : due.length > 0 ? `: ${due.join(', ')}` : '';
  return `${date}: ${WORDS[state]}${more}`;
}

function summarizeNights(nights: readonly Night[], from: string, to: string): string {
  const parts = NIGHT_STATES.filter((state) => !UNEXPLAINED.includes(state)).map(
    (state) => `${formatInteger(nights.filter((night) => night.state === state).length)} ${WORDS[state]}`,
  );
  return `Nights from ${from} to ${to}: ${parts.join('; ')}`;
}

const isTroubled = ({ state }: Night): boolean =>
  state === 'not-recovered' || state === 'inconclusive' || state === 'did not end' || state === 'missing';

/** The same for those who can't see the drawing, with links: newest first. */
const listTroubled = (nights: readonly Night[]) =>
  nights
    .filter(isTroubled)
    .slice(-LISTED)
    .reverse()
    .map((night) => ({
      date: night.date,
      words: WORDS[night.state],
      tone: TONES[night.state],
      due: night.due.join(', '),
      runs: night.runs.map(({ directory }) => linkToRun(directory, night.runs)),
    }));
