// What a check is: a name, what a pass leaves open, and a look that compares things and says how many.
import type { InventoryKind } from '../swarm/inventory.ts';

export type Observation =
  /** What was compared, and the differences found, one sentence each. Nothing compared is never a pass. */
  | { readonly compared: number; readonly differences: readonly string[]; readonly detail?: string }
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
  /** A look that throws is unproven, never a pass. */
  look(): Promise<Observation>;
}
