// Lists every kind of object with the checks that compared it, or the reason why none did.
import type { Check, CheckResult } from '../model/check.ts';
import { OBJECT_KINDS, type ObjectKind } from '../model/object-kind.ts';
import type { Inventory, Objects } from '../swarm/inventory.ts';

export interface CoverageRow {
  /** E.g. `services`, `registry logins`. */
  readonly object: string;
  readonly count: number | null;
  /** Names of the checks that compared it; may be empty. */
  readonly checkedBy: readonly string[];
  /** Why no check compared it; empty if one did. */
  readonly reason: string;
  /** What these checks left out, e.g. `files match: uploads/probes (11)`. */
  readonly excluded: readonly string[];
}

/** Why a kind may stay unchecked. A kind that is not listed here and not checked is an omission of the drill. */
const REASONS: Partial<Record<ObjectKind, string>> = {
  images:
    'an image is pulled or built again, by the digest that the service names; here nodes are cloned from one template',
};

export function coverageOf(
  checks: readonly Check[],
  results: readonly CheckResult[],
  inventory: Inventory,
): CoverageRow[] {
  const objects: Partial<Record<ObjectKind, Objects>> = inventory.objects;
  return OBJECT_KINDS.map((kind) => {
    const checkedBy = checks.filter(({ covers }) => covers.includes(kind)).map(({ name }) => name);
    const listed = objects[kind];
    const reason = checkedBy.length > 0 ? '' : (REASONS[kind] ?? 'no check of this drill compares it');
    const excluded = results
      .filter(({ name }) => checkedBy.includes(name))
      .flatMap((result) => result.excluded.map(({ what, count }) => `${result.name}: ${what} (${count})`));
    return { object: kind, count: listed ? Object.keys(listed).length : null, checkedBy, reason, excluded };
  });
}
