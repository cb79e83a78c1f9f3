// Complete or said so: every kind of object is either compared by a check, or listed with the reason why not.
import { INVENTORY_KINDS, type Inventory, type InventoryKind } from '../swarm/inventory.ts';
import type { Check } from '../model/check.ts';

export interface CoverageRow {
  /** E.g. `services`, `registry logins`. */
  readonly object: string;
  readonly count: number | null;
  /** Names of the checks that compared it; empty when nobody did. */
  readonly checkedBy: readonly string[];
  /** Why nobody checked it; empty when somebody did. */
  readonly reason: string;
}

/** Why a kind may stay unchecked. What is not named here is an omission of the drill. */
const REASONS: Partial<Record<InventoryKind, string>> = {
  images:
    'an image is pulled or built again, by the digest that the service names; here nodes are cloned from one template',
};

export function coverageOf(checks: readonly Check[], inventory: Inventory): CoverageRow[] {
  return INVENTORY_KINDS.map((kind) => {
    const checkedBy = checks.filter(({ covers }) => covers.includes(kind)).map(({ name }) => name);
    const objects = inventory.objects[kind];
    const reason = checkedBy.length > 0 ? '' : (REASONS[kind] ?? 'no check of this drill looks at it');
    return { object: kind, count: objects ? Object.keys(objects).length : null, checkedBy, reason };
  });
}
