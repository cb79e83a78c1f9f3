// Drills of single failures with the recovery or the check that people get wrong: they must come out red, by the intended check.
import type { Drill, Plan } from '../../src/drill/plan.ts';
import type { Report } from '../../src/report/schema.ts';
import { outcome, type InVault } from './control.ts';

/** Runs the drill with some of its functions replaced. @param changes or what makes them, given a shell in the vault */
export const naive = (
  { plan }: Drill,
  changes: Partial<Plan> | ((inVault: InVault) => Partial<Plan>),
): Promise<Report> =>
  outcome((inVault) => ({ ...plan, ...(typeof changes === 'function' ? changes(inVault) : changes) }));

/** Returns the names of the checks that failed; those that could not be made are not among them. */
export const failedChecks = ({ checks }: Report): string[] =>
  checks.filter(({ result }) => result === 'fail').map(({ name }) => name);

/** Returns the differences that the check of that name found. */
export const differencesOf = ({ checks }: Report, name: string): readonly string[] =>
  checks.find((check) => check.name === name)?.differences ?? [];
