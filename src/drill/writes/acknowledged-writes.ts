// Which acknowledged writes must be there after the restore, and the check that looks for them.
import type { Check } from '../../model/check.ts';
import type { ContinuousWrites } from './continuous-writes.ts';
import type { Plan } from '../plan.ts';

export interface AcknowledgedWrites {
  /** Ids of the writes made while seeding and drifting. */
  readonly made: readonly string[];
  /** Those that went on through the disaster, if the drill has any. */
  readonly continuous: Pick<ContinuousWrites, 'acknowledged'> | undefined;
}

/** Returns the ids of all of them. */
export const idsOf = ({ made, continuous }: AcknowledgedWrites): string[] => [
  ...made,
  ...(continuous?.acknowledged ?? []).map(({ id }) => id),
];

/**
 * Returns the check that the drill's recovery point calls for: with `latest`, every acknowledged write must be there. With `backup`,
 * those that the restored workload itself acknowledged; there are none without continuous writes, and then no check.
 * @param present ids of the writes that the restored workload has
 */
export function acknowledgedWritesPresent(
  writes: AcknowledgedWrites,
  present: readonly string[],
  recoveryPoint: NonNullable<Plan['recoveryPoint']>,
): Check[] {
  if (recoveryPoint === 'latest') return [allPresent('acknowledged writes present', idsOf(writes), present)];
  if (!writes.continuous) return [];
  const later = writes.continuous.acknowledged.filter(({ afterRestore }) => afterRestore);
  return [
    allPresent(
      'writes after the restore present',
      later.map(({ id }) => id),
      present,
    ),
  ];
}

const allPresent = (name: string, expected: readonly string[], present: readonly string[]): Check => ({
  name,
  required: true,
  doesNotProve: 'what became of writes that were never acknowledged: they may be there or not',
  covers: [],
  async observe() {
    const found = new Set(present);
    const missing = expected.filter((id) => !found.has(id));
    return {
      compared: expected.length,
      differences: missing.map((id) => `${id}: was acknowledged and is missing`),
    };
  },
});
