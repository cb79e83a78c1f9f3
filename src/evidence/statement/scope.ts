// The scope of a run: every kind of object with the checks that compared it, and what people exclude, with an end date.
import type { Run } from '../../report/schema.ts';
import type { Exclusion } from '../facts/schema.ts';
import type { EvidencePredicate } from './predicate.ts';

type Scope = EvidencePredicate['scope'];

export function buildScope(run: Run, stated: readonly Exclusion[]): Scope {
  const exclusions = stated.map((exclusion) => ({
    ...exclusion,
    expired: hasExpired(exclusion, run.startedAt),
  }));
  const valid = new Set<string>(exclusions.filter(({ expired }) => !expired).map(({ object }) => object));
  return {
    objects: run.drills.flatMap(({ name, coverage }) =>
      coverage.map(({ object, count, checkedBy, reason, excluded }) => ({
        drill: name,
        object,
        count,
        checkedBy,
        reason,
        leftOut: excluded,
      })),
    ),
    exclusions,
    uncovered: findUncovered(run).map((one) => ({ ...one, excluded: valid.has(one.object) })),
    population: {
      artifacts: run.drills.reduce((sum, { artifacts }) => sum + artifacts.length, 0),
      chosen:
        'every backup that the drills made in this run, from data that they generated; no backup that existed before was drawn',
    },
  };
}

/** An exclusion holds up to the end of its last day, in UTC. @param at UTC */
export const hasExpired = ({ until }: Pick<Exclusion, 'until'>, at: string): boolean =>
  at.slice(0, 10) > until;

/** Lists the kinds that at least one drill had, or could not count, and that no drill compared. */
function findUncovered(run: Run): Omit<Scope['uncovered'][number], 'excluded'>[] {
  const rows = run.drills.flatMap(({ name, coverage }) => coverage.map((row) => ({ drill: name, ...row })));
  return [...Map.groupBy(rows, ({ object }) => object)]
    .filter(
      ([, of]) => of.every(({ checkedBy }) => checkedBy.length === 0) && of.some(({ count }) => count !== 0),
    )
    .map(([object, of]) => ({
      object,
      drills: of.filter(({ count }) => count !== 0).map(({ drill }) => drill),
      reason: [...new Set(of.map(({ reason }) => reason))].join('; '),
    }));
}
