// The results of a run: measurements against objectives, checks, what failed, and which backups were restored.
import type { Report, Run } from '../../report/schema.ts';
import type { EvidencePredicate } from './predicate.ts';

type Result = EvidencePredicate['results']['drills'][number];

/** The check that the vault shares nothing with the swarm, and is the one from before the disaster. */
const ONLY_COPY = 'vault isolated from the swarm';

export const CLOCK =
  'durations: the monotonic clock of the process that ran the drill; dates: the clock of its machine, in UTC';

export function buildResult(report: Report): Result {
  const { objectives, actual } = report;
  return {
    drill: report.name,
    verdict: report.verdict,
    reason: report.reason,
    complete: report.complete,
    startedAt: report.startedAt,
    endedAt: report.endedAt,
    rto: objectives.rtoSeconds,
    rta: actual.rtaSeconds,
    rpo: objectives.rpoSeconds,
    rpa: actual.rpaSeconds,
    rpaIsLowerBound: actual.rpaIsLowerBound,
    proven: actual.provenSeconds,
    acknowledgedWrites: actual.acknowledgedWrites,
    lostWrites: actual.lostWrites,
    checks: report.checks.map(
      ({ name, result, required, compared, mismatched, doesNotProve, definition }) => ({
        name,
        result,
        required,
        compared,
        mismatched,
        doesNotProve,
        definition: definition ?? null,
        caught: null,
      }),
    ),
  };
}

export function listBackups({ drills }: Run): EvidencePredicate['backup'] {
  return drills.flatMap((report) => {
    const { artifacts, environment, checks } = report;
    const only = checks.find(({ name }) => name === ONLY_COPY);
    return artifacts.map(({ name, method, sha256, bytes, createdAt, encrypted }) => ({
      drill: report.name,
      artifact: name,
      method,
      version: environment?.tool ?? 'unknown',
      sha256,
      bytes,
      createdAt,
      ageSeconds: ageAtDisaster(createdAt, report),
      encrypted,
      keyFingerprint: null,
      onlyThisCopy: only ? { check: only.name, result: only.result } : null,
    }));
  });
}

/** Seconds; null if there was no disaster. */
function ageAtDisaster(createdAt: string, { startedAt, marks }: Report): number | null {
  if (marks.disaster === null) return null;
  return Math.max(0, (Date.parse(startedAt) + marks.disaster * 1000 - Date.parse(createdAt)) / 1000);
}

/** Lists what failed or stayed open. A drill that is not recovered has at least one finding. */
export function listFindings({ drills }: Run): EvidencePredicate['exceptions'] {
  return drills
    .filter(({ verdict }) => verdict !== 'recovered')
    .flatMap(({ name, reason, checks }) => {
      const open = checks.filter(
        ({ result, required }) => result === 'fail' || (result === 'unproven' && required),
      );
      const findings = open.map((check) => `${check.name}: ${check.detail}`);
      return [reason, ...findings].map((finding) => ({ drill: name, finding }));
    });
}
