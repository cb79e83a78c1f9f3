// What a check answers. Three results, not two: what could not be looked at is `unproven`, never a pass.
import type { AspectSeen } from '../model/check.ts';
export type { CoverageRow } from '../check/coverage.ts';

export type CheckOutcome = 'pass' | 'fail' | 'unproven';

export interface CheckResult {
  readonly name: string;
  readonly result: CheckOutcome;
  /** A required check that is unproven makes the drill inconclusive. */
  readonly required: boolean;
  /** How many things were compared; 0 never passes. */
  readonly compared: number;
  readonly mismatched: number;
  /** One sentence: what was seen. */
  readonly detail: string;
  /** The first differences, one a line; at most 50. */
  readonly differences: readonly string[];
  /** What a pass of this check leaves open. */
  readonly doesNotProve: string;
  /** What was seen of single aspects, for the matrix of methods. */
  readonly aspects: readonly AspectSeen[];
  readonly seconds: number;
}
