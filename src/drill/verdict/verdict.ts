// Decides a drill's verdict, and the one sentence that explains it, from recorded facts only.
import { formatSeconds } from '../../support/clock.ts';
import { count } from '../../support/count.ts';
import type { CheckResult } from '../../model/check.ts';
import { formatRpa, missesRpo, type DataLoss } from '../writes/data-loss.ts';
import type { CleanupFact, JournalEvent, Phase, ProofRow } from '../events.ts';

export const VERDICTS = ['recovered', 'not-recovered', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

type RecordedObjectives = Extract<JournalEvent, { event: 'plan' }>['objectives'];

export interface Actual extends DataLoss {
  readonly rtaSeconds: number | null;
  /** Of the lost writes, those acknowledged before the backup began: no schedule excuses them. */
  readonly lostBeforeBackup: number | null;
}

export interface VerdictFacts {
  readonly objectives: RecordedObjectives;
  readonly actual: Actual;
  readonly checks: readonly CheckResult[];
  readonly failures: readonly {
    readonly phase: Phase;
    readonly blame: 'finding' | 'harness';
    readonly reason: string;
  }[];
  /** Whether the disaster was marked as done. */
  readonly disaster: boolean;
  readonly proof: readonly ProofRow[];
  /** Null if the clean-up was not reached. */
  readonly cleanup: CleanupFact | null;
  /** Where the journal stops, if it stops before the drill's end. */
  readonly cutOff: string | null;
  /** Lines of the journal that can't be read: their facts are missing here. */
  readonly damagedLines: number;
}

interface Objection {
  readonly verdict: Exclude<Verdict, 'recovered'>;
  readonly reason: string;
}
const red = (reason: string): Objection => ({ verdict: 'not-recovered', reason });
const unclear = (reason: string): Objection => ({ verdict: 'inconclusive', reason });

/** Returns `recovered` if there is no objection. Of several objections the worst decides, then the first. */
export function judge(facts: VerdictFacts): { verdict: Verdict; reason: string } {
  const objections = [
    ...ofFailures(facts),
    ...ofFailedChecks(facts),
    ...ofMissedObjectives(facts),
    ...ofJournal(facts),
    ...ofDisaster(facts),
    ...ofProofGaps(facts),
    ...ofUnmeasuredObjectives(facts),
    ...ofCleanup(facts),
  ];
  if (objections.length === 0) return { verdict: 'recovered', reason: recoveredReason(facts) };
  const verdict = worstOf(objections.map((objection) => objection.verdict));
  const [first, ...others] = objections.filter((objection) => objection.verdict === verdict);
  const more = verdict === 'not-recovered' && others.length > 0 ? ` (and ${others.length} more)` : '';
  return { verdict, reason: `${first?.reason}${more}` };
}

/** Returns the worst verdict: not recovered, then inconclusive, then recovered. No verdict at all is inconclusive. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('not-recovered')) return 'not-recovered';
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'recovered';
}

const EXIT_CODES = { recovered: 0, 'not-recovered': 1, inconclusive: 2 } as const;
export const exitCode = (verdict: Verdict): 0 | 1 | 2 => EXIT_CODES[verdict];

const ofFailures = ({ failures }: VerdictFacts): Objection[] =>
  failures.map(({ phase, blame, reason }) =>
    blame === 'finding'
      ? red(`${phase} failed: ${reason}`)
      : unclear(`the harness stopped in ${phase}: ${reason}`),
  );

const ofFailedChecks = ({ checks }: VerdictFacts): Objection[] =>
  checks
    .filter((check) => check.result === 'fail')
    .map((check) => red(`check "${check.name}" failed: ${check.detail}`));

/** Returns whether the recovery took longer than the RTO allows. */
export const missesRto = ({ rtaSeconds }: Pick<Actual, 'rtaSeconds'>, rtoSeconds: number): boolean =>
  rtaSeconds !== null && rtaSeconds > rtoSeconds;

function* ofMissedObjectives({ objectives, actual }: VerdictFacts): Generator<Objection> {
  const { rtoSeconds: rto, rpoSeconds: rpo } = objectives;
  if (rto !== null && missesRto(actual, rto))
    yield red(`RTO missed: RTA is ${formatSeconds(actual.rtaSeconds ?? 0)}, ${plain(rto)} allowed`);
  if (rpo !== null && missesRpo(actual, rpo))
    yield red(`RPO missed: RPA is ${formatRpa(actual, '')}, ${plain(rpo)} allowed`);
}

function* ofUnmeasuredObjectives({ objectives, actual }: VerdictFacts): Generator<Objection> {
  for (const { objective, asked, name, measured } of pairs(objectives, actual))
    if (measured === null) yield unclear(`${objective} of ${plain(asked)} is open: ${name} was not measured`);
}

/** Returns the objectives that were set, with what was measured. */
const pairs = (objectives: RecordedObjectives, actual: Actual) =>
  [
    { objective: 'RTO', asked: objectives.rtoSeconds, name: 'RTA', measured: actual.rtaSeconds },
    { objective: 'RPO', asked: objectives.rpoSeconds, name: 'RPA', measured: actual.rpaSeconds },
  ].flatMap((pair) => (pair.asked === null ? [] : [{ ...pair, asked: pair.asked }]));

/** Formats an objective as it was set: `90 s`. */
const plain = (seconds: number): string =>
  Number.isInteger(seconds) && seconds < 600 ? `${seconds} s` : formatSeconds(seconds);

function* ofJournal({ cutOff, damagedLines }: VerdictFacts): Generator<Objection> {
  if (cutOff !== null) yield unclear(`the journal stops ${cutOff}`);
  if (damagedLines > 0) yield unclear(`${count(damagedLines, 'line')} of the journal can't be read`);
}

function* ofDisaster({ disaster, proof }: VerdictFacts): Generator<Objection> {
  const unharmed = proof.filter((row) => row.after === row.before);
  if (!disaster) yield unclear('the disaster did not take hold: it was never reached');
  else if (proof.length === 0) yield unclear('the disaster did not take hold: there is no proof of it');
  else if (unharmed[0])
    yield unclear(
      `the disaster did not take hold: ${unharmed.length} of ${proof.length} objects are unchanged, first ${unharmed[0].what}`,
    );
}

function* ofProofGaps({ checks }: VerdictFacts): Generator<Objection> {
  if (checks.length === 0) yield unclear('no check has run to its end');
  for (const check of checks)
    if (check.required && check.result === 'unproven')
      yield unclear(`required check "${check.name}" is unproven: ${check.detail}`);
}

const ofCleanup = ({ cleanup }: VerdictFacts): Objection[] =>
  cleanup && cleanup.leaked.length > 0 && cleanup.shellCommand === undefined
    ? [unclear(`clean-up left ${count(cleanup.leaked.length, 'object')}, first ${cleanup.leaked[0]}`)]
    : [];

function recoveredReason({ objectives: { rtoSeconds }, actual, checks }: VerdictFacts): string {
  const { rtaSeconds, lostWrites, lostBeforeBackup, acknowledgedWrites } = actual;
  const allowed = rtoSeconds === null ? '' : ` of ${plain(rtoSeconds)} allowed`;
  const time = rtaSeconds === null ? 'recovered' : `recovered in ${formatSeconds(rtaSeconds)}${allowed}`;
  const when = lostBeforeBackup === 0 ? ', all from after the backup began' : '';
  const writes =
    lostWrites === null
      ? `${count(checks.filter((check) => check.result === 'pass').length, 'check')} passed`
      : lostWrites === 0
        ? 'no acknowledged write lost'
        : `${lostWrites === acknowledgedWrites ? 'all ' : ''}${count(lostWrites, 'acknowledged write')} lost${when}`;
  return `${time}; ${writes}`;
}
