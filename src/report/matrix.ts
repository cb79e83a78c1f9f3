// Compares the backup methods of a run's drills: what each restored, what it lost, and how long it took.
import { ASPECTS } from '../model/aspect.ts';
import type { Matrix, MatrixRow, Report, Step } from './schema.ts';
import { warnOfUnequalLoad } from './measure/side-by-side.ts';
import { roundToThousandths } from '../support/clock.ts';

/** Builds one matrix for each kind of data, with a row per drill, in the order in which the drills ran. */
export function buildMatrices(drills: readonly Report[]): Matrix[] {
  const compared = drills.filter((report) => report.subject !== null);
  const kinds = [...new Set(compared.map(({ subject }) => subject?.of ?? ''))];
  return kinds.map((of) => {
    const rows = compared.filter(({ subject }) => subject?.of === of).map(buildRow);
    // Columns that are empty in every row are left out.
    const seen = new Set(rows.flatMap(({ aspects }) => Object.keys(aspects)));
    const measured = rows.map((row) => ({ name: row.drill, duringRecovery: row.othersDuringRecovery }));
    return {
      of,
      aspects: ASPECTS.filter((aspect) => seen.has(aspect)),
      warning: warnOfUnequalLoad(measured),
      rows,
    };
  });
}

function buildRow(report: Report): MatrixRow {
  const { name, subject, verdict, artifacts, baselineTiming, actual } = report;
  const method = subject?.method ?? '';
  const methods = [method, ...(subject?.requires ?? [])];
  const ownArtifacts = artifacts.filter((artifact) => methods.includes(artifact.method));
  const backupSeconds = addUp(methods.map((one) => sumBackupSeconds(ownArtifacts, one)));
  const restoreSeconds = addUp(methods.map((one) => sumRestoreSeconds(report.steps, one)));
  return {
    drill: name,
    method,
    verdict,
    aspects: sumAspects(report),
    backupSeconds,
    restoreSeconds,
    rtaSeconds: actual.rtaSeconds,
    othersDuringRecovery: report.sideBySide?.duringRecovery ?? null,
    storedBytes: ownArtifacts.reduce((sum, { bytes }) => sum + bytes, 0),
    dataBytes: baselineTiming?.bytes ?? null,
    backupRatio: divide(backupSeconds, baselineTiming?.seconds),
    restoreRatio: divide(restoreSeconds, baselineTiming?.unpackSeconds),
    limits: subject?.limits ?? [],
  };
}

function sumAspects({ checks, subject }: Report): MatrixRow['aspects'] {
  const aspects: MatrixRow['aspects'] = {};
  for (const { aspect, compared, mismatched } of checks.flatMap((check) => check.aspects)) {
    if (!subject?.aspects.includes(aspect)) continue;
    const known = aspects[aspect] ?? { state: 'restored', compared: 0, mismatched: 0 };
    known.compared += compared;
    known.mismatched += mismatched;
    aspects[aspect] = known;
  }
  for (const [aspect, seen] of Object.entries(aspects)) {
    const lossDocumented = subject?.loses.includes(aspect) ?? false;
    if (seen.mismatched > 0) seen.state = lossDocumented ? 'documented loss' : 'undocumented loss';
    else seen.state = lossDocumented ? 'restored despite documented loss' : 'restored';
  }
  return aspects;
}

/** Returns null when the method made no artifact. */
function sumBackupSeconds(artifacts: Report['artifacts'], method: string): number | null {
  const made = artifacts.filter((artifact) => artifact.method === method);
  // Each file of an artifact carries the duration of the whole artifact.
  const byArtifact = new Map(made.map((artifact) => [artifact.name.split('/')[0], artifact.seconds]));
  return made.length === 0 ? null : [...byArtifact.values()].reduce((sum, one) => sum + one, 0);
}

/** Returns null when a part is missing: the rest would not be the total. */
const addUp = (parts: readonly (number | null)[]): number | null =>
  parts.some((part) => part === null)
    ? null
    : roundToThousandths(parts.reduce<number>((sum, part) => sum + (part ?? 0), 0));

/** Adds up the successful restores with this method; null when there is none. */
function sumRestoreSeconds(steps: readonly Step[], method: string): number | null {
  let sum: number | null = null;
  for (const step of steps) {
    const { operation, ok, seconds, parts } = step;
    const isRestore = operation?.kind === 'restore' && operation.method === method;
    const inner = isRestore && ok ? seconds : sumRestoreSeconds(parts, method);
    if (inner !== null) sum = (sum ?? 0) + inner;
  }
  return sum === null ? null : roundToThousandths(sum);
}

/** Returns null when either was not measured. */
const divide = (seconds: number | null, plain: number | undefined): number | null =>
  seconds !== null && plain ? roundToThousandths(seconds / plain) : null;
