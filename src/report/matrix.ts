// The drills of a run that compare methods, side by side: what each brought back, what it lost, and what that took.
import { ASPECTS } from '../model/aspect.ts';
import type { Matrix, MatrixRow, Report, Step } from './schema.ts';

/** One table for each kind of thing that is backed up, in the order in which the drills ran. */
export function buildMatrices(drills: readonly Report[]): Matrix[] {
  const compared = drills.filter((report) => report.subject !== null);
  const kinds = [...new Set(compared.map(({ subject }) => subject?.of ?? ''))];
  return kinds.map((of) => {
    const rows = compared.filter(({ subject }) => subject?.of === of).map(buildRow);
    // A column that no drill has anything in is no column.
    const seen = new Set(rows.flatMap(({ aspects }) => Object.keys(aspects)));
    return { of, aspects: ASPECTS.filter((aspect) => seen.has(aspect)), rows };
  });
}

function buildRow(report: Report): MatrixRow {
  const { name, subject, verdict, artifacts, baselineTiming, actual } = report;
  const method = subject?.method ?? '';
  const methods = [method, ...(subject?.requires ?? [])];
  const mine = artifacts.filter((artifact) => methods.includes(artifact.method));
  const backupSeconds = addUp(methods.map((one) => sumBackupSeconds(mine, one)));
  const restoreSeconds = addUp(methods.map((one) => sumRestoreSeconds(report.steps, one)));
  return {
    drill: name,
    method,
    verdict,
    aspects: sumAspects(report),
    backupSeconds,
    restoreSeconds,
    rtaSeconds: actual.rtaSeconds,
    storedBytes: mine.reduce((sum, { bytes }) => sum + bytes, 0),
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
    const known = aspects[aspect] ?? { state: 'back', compared: 0, mismatched: 0 };
    known.compared += compared;
    known.mismatched += mismatched;
    aspects[aspect] = known;
  }
  for (const [aspect, seen] of Object.entries(aspects)) {
    const lossIsSaid = subject?.loses.includes(aspect) ?? false;
    if (seen.mismatched > 0) seen.state = lossIsSaid ? 'lost as said' : 'lost';
    else seen.state = lossIsSaid ? 'back, though not promised' : 'back';
  }
  return aspects;
}

/** Null when it made no artifact. */
function sumBackupSeconds(artifacts: Report['artifacts'], method: string): number | null {
  const made = artifacts.filter((artifact) => artifact.method === method);
  // Every file of one artifact tells the seconds of the whole.
  const byArtifact = new Map(made.map((artifact) => [artifact.name.split('/')[0], artifact.seconds]));
  return made.length === 0 ? null : [...byArtifact.values()].reduce((sum, one) => sum + one, 0);
}

/** Null when one of them is missing: the rest is not the whole. */
const addUp = (parts: readonly (number | null)[]): number | null =>
  parts.some((part) => part === null)
    ? null
    : round(parts.reduce<number>((sum, part) => sum + (part ?? 0), 0));

/** All restores with that method together; null when there is none that ended well. */
function sumRestoreSeconds(steps: readonly Step[], method: string): number | null {
  let sum: number | null = null;
  for (const step of steps) {
    const { operation, ok, seconds, parts } = step;
    const isRestore = operation?.kind === 'restore' && operation.method === method;
    const inner = isRestore && ok ? seconds : sumRestoreSeconds(parts, method);
    if (inner !== null) sum = (sum ?? 0) + inner;
  }
  return sum === null ? null : round(sum);
}

/** Null when either was not measured. */
const divide = (seconds: number | null, plain: number | undefined): number | null =>
  seconds !== null && plain ? round(seconds / plain) : null;

const round = (value: number): number => Math.round(value * 1000) / 1000;
