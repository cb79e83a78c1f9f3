// The state of all drills for a monitor: what the last run of each found, how old its last recovery is, and what is wrong.
import { worstOf } from '../../drill/verdict/verdict.ts';
import { roundToThousandths } from '../../support/clock.ts';
import type { History } from '../runs/history.ts';
import { countedRuns } from '../runs/history.ts';
import type { PastRun } from '../runs/past-run.ts';
import { collectDrills, type DrillHistory } from './drill-history.ts';
import { judgeObjectives, mostSamples } from './objectives.ts';
import { namedDrills, namedTags, requiredSeconds } from './frequency.ts';
import { DEFAULT_SAMPLES, type Percentile, summarize } from './percentile.ts';
import { describeDrillProblems, type Problem } from './problems.ts';
import type { Rules } from './rules.ts';

/** `retired`: the project has no such drill any more. */
export type DrillState =
  'recovered' | 'not-recovered' | 'inconclusive' | 'did not end' | 'never ran' | 'retired';

export interface DrillStatus {
  readonly drill: string;
  readonly state: DrillState;
  readonly tags: readonly string[];
  /** The run that the state comes from. */
  readonly last: RunReference | null;
  /** Why it has this verdict. */
  readonly reason: string;
  readonly lastRecovered: RunReference | null;
  /** Since the last recovery. */
  readonly ageSeconds: number | null;
  /** How old a recovery may be, from evidence.yml; null if nothing is required. */
  readonly requiredSeconds: number | null;
  readonly overdue: boolean;
  /** Of the last result. */
  readonly rtaSeconds: number | null;
  readonly rtoSeconds: number | null;
  readonly rpaSeconds: number | null;
  readonly rpoSeconds: number | null;
  readonly provenSeconds: number | null;
  readonly totalSeconds: number | null;
  readonly lostWrites: number | null;
  readonly storedBytes: number | null;
  /** Of the last recoveries. */
  readonly rta: Percentile | null;
  readonly rpa: Percentile | null;
}

export interface RunReference {
  readonly directory: string;
  /** When it started, UTC. */
  readonly at: string;
}

export interface Status {
  readonly schema: 'swarm-drill/status@1';
  /** UTC. */
  readonly at: string;
  /** 0: all fresh and recovered; 1: something is wrong; 2: not known. */
  readonly exitCode: 0 | 1 | 2;
  readonly lastRun: (RunReference & { readonly verdict: string }) | null;
  /** The newest run in which every drill recovered. */
  readonly lastRecoveredRun: RunReference | null;
  readonly drills: readonly DrillStatus[];
  readonly problems: readonly Problem[];
}

export interface StatusOptions {
  /** The present, UTC. */
  readonly now: string;
  readonly rules: Rules;
  /** Whether the project still has the drill: otherwise it is retired, and never overdue. Default: it has. */
  readonly isDeclared?: ((drill: DrillHistory) => boolean) | undefined;
  /** How many of the last recoveries percentiles are of. Default 20. */
  readonly samples?: number | undefined;
}

export interface DrillsAndStatus {
  readonly drills: readonly DrillHistory[];
  readonly status: Status;
}

export function buildStatus(history: History, options: StatusOptions): DrillsAndStatus {
  const { rules, now, samples = DEFAULT_SAMPLES } = options;
  const frequency = rules.frequency ?? [];
  const drills = collectDrills(history, {
    samples: Math.max(samples, mostSamples(rules)),
    required: namedDrills(frequency),
  });
  const states = drills.map((drill) => describeDrill(drill, options));
  const problems = [
    ...describeRunProblems(history, states, rules),
    ...states.flatMap(describeDrillProblems),
    ...drills.flatMap((drill) => judgeObjectives(drill, rules)),
  ];
  return {
    drills,
    status: {
      schema: 'swarm-drill/status@1',
      at: now,
      exitCode: exitCodeOf(problems),
      lastRun: findLastRun(history),
      lastRecoveredRun: findLastRecoveredRun(history),
      drills: states,
      problems,
    },
  };
}

/** What is wrong has priority over what is not known. */
export const exitCodeOf = (problems: readonly Problem[]): Status['exitCode'] =>
  problems.some(({ kind }) => kind === 'wrong') ? 1 : problems.length > 0 ? 2 : 0;

function describeDrill(drill: DrillHistory, { now, rules, isDeclared, samples }: StatusOptions): DrillStatus {
  const { last, lastRecovered, recoveries, unended } = drill;
  const result = last?.result;
  const tags = result?.tags ?? [];
  const required = requiredSeconds(drill.drill, tags, rules.frequency ?? []);
  const age = lastRecovered ? ageOf(lastRecovered.run.startedAt, now) : null;
  const retired = isDeclared ? !isDeclared(drill) : false;
  const counted = recoveries.slice(0, samples ?? DEFAULT_SAMPLES).map((one) => one.result);
  return {
    drill: drill.drill,
    state: retired ? 'retired' : unended ? 'did not end' : (result?.verdict ?? 'never ran'),
    tags,
    last: refer(unended ?? last?.run),
    reason: unended ? 'the run did not end' : (result?.reason ?? ''),
    lastRecovered: refer(lastRecovered?.run),
    ageSeconds: age,
    requiredSeconds: required,
    overdue: !retired && required !== null && (age === null || age > required),
    rtaSeconds: result?.rta ?? null,
    rtoSeconds: result?.rto ?? null,
    rpaSeconds: result?.rpa ?? null,
    rpoSeconds: result?.rpo ?? null,
    provenSeconds: result?.proven ?? null,
    totalSeconds: result?.total ?? null,
    lostWrites: result?.lostWrites ?? null,
    storedBytes: result?.bytes ?? null,
    rta: summarize(counted.flatMap(({ rta }) => rta ?? [])),
    rpa: summarize(counted.flatMap(({ rpa }) => rpa ?? [])),
  };
}

const ageOf = (at: string, now: string): number =>
  roundToThousandths(Math.max(0, (Date.parse(now) - Date.parse(at)) / 1000));

const refer = (run: PastRun | undefined): RunReference | null =>
  run ? { directory: run.directory, at: run.startedAt } : null;

function describeRunProblems(history: History, states: readonly DrillStatus[], rules: Rules): Problem[] {
  const tags = new Set(states.flatMap((drill) => drill.tags));
  const without = namedTags(rules.frequency ?? []).filter((tag) => !tags.has(tag));
  const damaged = [...history.damaged];
  return [
    ...(states.length === 0 ? [{ kind: 'unknown' as const, text: `no run is in ${history.reports}` }] : []),
    ...without.map((tag) => ({ kind: 'unknown' as const, text: `no drill with the tag ${tag} ever ran` })),
    ...(damaged.length > 0
      ? [
          {
            kind: 'unknown' as const,
            text: `the ledger is damaged in line ${damaged.join(', ')}: check it with \`swarm-drill verify\``,
          },
        ]
      : []),
  ];
}

function findLastRun(history: History): Status['lastRun'] {
  for (const run of countedRuns(history))
    return { directory: run.directory, at: run.startedAt, verdict: run.verdict ?? run.state };
  return null;
}

function findLastRecoveredRun(history: History): RunReference | null {
  for (const run of countedRuns(history))
    if (run.drills.length > 0 && worstOf(run.drills.map(({ verdict }) => verdict)) === 'recovered')
      return refer(run);
  return null;
}
