// A check: a name, what a pass leaves open, and an observation that compares things and says how many.
import type { Aspect } from './aspect.ts';
import type { ObjectKind } from './object-kind.ts';

/** What was seen of one aspect: how many things have it, and how many of them came back changed. */
export interface AspectSeen {
  readonly aspect: Aspect;
  readonly compared: number;
  readonly mismatched: number;
}

/** Something that a check left out of its comparison. */
export interface Exclusion {
  /** E.g. a path, or why it was left out. */
  readonly what: string;
  /** How many things. */
  readonly count: number;
}

/** What an observation saw: how many things it compared and how they differ, or why it could not compare any. */
export type Observation =
  /**
   * What was compared, and the differences found, one sentence each. Nothing compared is never a pass. A difference in an
   * aspect that the backup's method declares as lost is counted in `aspects` only.
   */
  | {
      readonly compared: number;
      readonly differences: readonly string[];
      /** How many things differ, if there are more than sentences about them. */
      readonly mismatched?: number;
      readonly detail?: string;
      readonly aspects?: readonly AspectSeen[];
      /** What was there and not compared. Default nothing. */
      readonly excluded?: readonly Exclusion[];
    }
  /** Nothing could be observed here, and why. */
  | { readonly unproven: string };

/** A comparison of the restored swarm with the baseline or with an expectation. */
export interface Check {
  readonly name: string;
  /** A required check that stays unproven makes the drill inconclusive. */
  readonly required: boolean;
  /** What a pass leaves open; one sentence. */
  readonly doesNotProve: string;
  /** The kinds of object that this check compares. */
  readonly covers: readonly ObjectKind[];
  /** What the whole check is about, if that is one aspect; `Observation.aspects` lists several. */
  readonly aspect?: Aspect;
  /** Compares, and returns what it saw. An observation that throws is unproven, never a pass. */
  observe(): Promise<Observation>;
}

/** Three outcomes, not two: what could not be observed is `unproven`, never a pass. */
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
  /** What was there and not compared. */
  readonly excluded: readonly Exclusion[];
  /** SHA-256 of what the check is: see `hashDefinition`. A journal of an older program has none. */
  readonly definition?: string;
  /** What was seen of single aspects, for the matrix of methods. */
  readonly aspects: readonly AspectSeen[];
  readonly seconds: number;
}
