// The verifier: reads what is there, checks the twelve points, and adds up what they say.
import type { Pinned } from './context.ts';
import { checkArtifacts } from './points/artifacts.ts';
import { checkCadence } from './points/cadence.ts';
import { checkCoverage } from './points/coverage.ts';
import { checkFiles } from './points/files.ts';
import { checkFindings } from './points/findings.ts';
import { checkJournals, type Rerendered, rerender } from './points/journals.ts';
import { checkLedger, endOf } from './points/ledger.ts';
import { checkReviewer } from './points/reviewer.ts';
import { checkSignatures } from './points/signature.ts';
import { checkOrder, checkTimeStamps, readTimes } from './points/time-stamps.ts';
import { checkVerdicts } from './points/verdicts.ts';
import type { Ledger } from './read/ledger.ts';
import { readReports } from './read/reports.ts';
import type { Run } from './read/run.ts';
import { Findings, type PointNumber, type PointResult } from './result.ts';

export interface Verification {
  readonly path: string;
  readonly runs: number;
  readonly drills: number;
  readonly files: number;
  readonly points: readonly PointResult[];
  /** 0 passed, 1 failed, 2 not decided: a point without which the others mean nothing was not shown. */
  readonly exitCode: 0 | 1 | 2;
}

/** @param target a run, or a directory of runs @throws DrillError `usage` for anything else */
export async function verifyEvidence(target: string, pinned: Pinned): Promise<Verification> {
  const reports = readReports(target);
  const points: PointResult[] = [];
  const check = async (
    point: PointNumber,
    run: string | null,
    judge: (findings: Findings) => void | Promise<void>,
  ): Promise<void> => {
    const findings = new Findings();
    await judge(findings);
    points.push(findings.result(point, run));
  };
  const rerendered = new Map(reports.runs.map((run) => [run, rerender(run)]));
  for (const [run, drills] of rerendered) {
    const { name } = run;
    await check(1, name, (findings) => checkSignatures(run, pinned, findings));
    const times = readTimes(run, pinned);
    await check(2, name, (findings) => checkTimeStamps(run, times, pinned, findings));
    await check(3, name, (findings) => checkOrder(times, drills, findings));
    await check(4, name, (findings) => checkFiles(run, pinned, findings));
    await check(5, name, (findings) => checkJournals(run, drills, findings));
    await check(6, name, (findings) => checkVerdicts(run, drills, endOf(reports.ledger, name), findings));
    await check(9, name, (findings) => checkCoverage(run, drills, findings));
    await check(11, name, (findings) => checkReviewer(run, pinned, findings));
  }
  await check(7, null, (findings) => checkLedger(reports, pinned, findings));
  await check(8, null, (findings) => checkCadence(reports, pinned, findings));
  const isSound = (run: Run): boolean => passesItsPoints(run, reports.ledger, pinned);
  await check(10, null, (findings) => checkFindings(reports, pinned, isSound, findings));
  await check(12, null, (findings) => checkArtifacts(reports, pinned, findings));
  return {
    path: reports.path,
    runs: reports.runs.length,
    drills: [...rerendered.values()].reduce((sum, { drills }) => sum + drills.length, 0),
    files: reports.runs.reduce((sum, { files }) => sum + files.length, 0),
    points: points.toSorted((a, b) => a.point - b.point),
    exitCode: exitCodeOf(points, pinned),
  };
}

/** Returns whether nothing about this one run fails: its signatures, files, reports and verdicts. */
function passesItsPoints(run: Run, ledger: Ledger | null, pinned: Pinned): boolean {
  const drills: Rerendered = rerender(run);
  const findings = new Findings();
  checkSignatures(run, pinned, findings);
  checkFiles(run, pinned, findings);
  checkJournals(run, drills, findings);
  checkVerdicts(run, drills, endOf(ledger, run.name), findings);
  return findings.result(10, run.name).problems.length === 0;
}

/** Points without which the others mean nothing. */
const ESSENTIAL: ReadonlySet<PointNumber> = new Set([1, 4, 5, 6, 7]);
const ABOUT_TIME: ReadonlySet<PointNumber> = new Set([2, 3]);

function exitCodeOf(points: readonly PointResult[], { timeAuthority }: Pinned): 0 | 1 | 2 {
  if (points.some(({ outcome }) => outcome === 'failed')) return 1;
  const open = points.filter(({ outcome }) => outcome === 'not shown').map(({ point }) => point);
  return open.some((point) => ESSENTIAL.has(point) || (timeAuthority && ABOUT_TIME.has(point))) ? 2 : 0;
}
