// What a check is: a name, what a pass leaves open, and a look that compares things and says how many.
import type { Aspect } from './aspect.ts';
import type { InventoryKind } from '../swarm/inventory.ts';

/** What was seen of one aspect: how many things have it, and how many of them came back otherwise. */
export interface AspectSeen {
  readonly aspect: Aspect;
  readonly compared: number;
  readonly mismatched: number;
}

export type Observation =
  /**
   * What was compared, and the differences found, one sentence each. Nothing compared is never a pass. A difference in an
   * aspect that the backup's method says it loses stands in `aspects` alone.
   */
  | {
      readonly compared: number;
      readonly differences: readonly string[];
      /** How many things differ, where there are more than sentences about them. */
      readonly mismatched?: number;
      readonly detail?: string;
      readonly aspects?: readonly AspectSeen[];
    }
  /** It could not be looked at here, and why. */
  | { readonly unproven: string };

export interface Check {
  readonly name: string;
  /** A required check that stays unproven makes the drill inconclusive. */
  readonly required: boolean;
  /** What a pass leaves open; one sentence. */
  readonly doesNotProve: string;
  /** Which kinds of object of the inventory this check compares. */
  readonly covers: readonly InventoryKind[];
  /** What the whole check is about, where it is one aspect; `Observation.aspects` tells of several. */
  readonly aspect?: Aspect;
  /** A look that throws is unproven, never a pass. */
  observe(): Promise<Observation>;
}
