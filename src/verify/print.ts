// Prints a verification: one line for each point, then what failed, what was not shown, and what no such check can show.
import { EVIDENCE_LIMITS } from '../report/evidence-limits.ts';
import { type Outcome, type PointResult, POINTS, type Problem } from './result.ts';
import type { Verification } from './verify.ts';

const ORDER: readonly Outcome[] = ['failed', 'not shown', 'passed', 'not applicable'];
/** Lines of each kind that a person reads; `--json` has all. */
const SHOWN = 20;

export function renderVerification(verification: Verification): string {
  const { runs, drills, files, path, points, exitCode } = verification;
  return [
    `${path}: ${plural(runs, 'run')}, ${plural(drills, 'drill')}, ${plural(files, 'file')}`,
    '',
    ...Object.entries(POINTS).flatMap(([number, title]) =>
      renderPoint(
        number,
        title,
        points.filter(({ point }) => String(point) === number),
      ),
    ),
    '',
    'What these checks can never show:',
    ...EVIDENCE_LIMITS.map((limit) => `  - ${limit}`),
    '',
    {
      0: 'passed: nothing failed',
      1: `failed: ${plural(points.flatMap(({ problems }) => problems).length, 'problem')}`,
      2: 'not decided: nothing failed, and an essential point was not shown',
    }[exitCode],
  ].join('\n');
}

function renderPoint(number: string, title: string, results: readonly PointResult[]): string[] {
  const outcome = ORDER.find((one) => results.some((result) => result.outcome === one)) ?? 'not applicable';
  const several = new Set(results.map(({ run }) => run)).size > 1;
  const lines = (pick: (result: PointResult) => readonly string[]): string[] =>
    results.flatMap((result) => pick(result).map((line) => (several ? `${result.run}: ${line}` : line)));
  const problems = lines((result) => result.problems.map(renderProblem));
  const open = lines(({ notShown }) => notShown);
  const details = [...limit(problems), ...limit(open)];
  const seen = several || details.length > 0 ? [] : lines((result) => result.seen).slice(0, 3);
  return [
    `${number.padStart(2)}  ${outcome.padEnd(14)}  ${title}`,
    ...[...details, ...seen].map(
      (line) => `${' '.repeat(20)}${line.replaceAll('\n', `\n${' '.repeat(22)}`)}`,
    ),
  ];
}

function limit(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `and ${more} more; --json lists all`] : [...lines];
}

const renderProblem = ({ where, what, expected, got }: Problem): string =>
  [`${where}: ${what}`, expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join('\n');

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
