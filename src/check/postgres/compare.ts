// Compares the objects of two databases: an object that is missing or new is one difference, in the schema.
import type { Objects } from '../../swarm/inventory.ts';
import { differencesBetween } from '../inventory.ts';
import type { DatabaseObjects } from './catalog.ts';

/** How two databases differ, one sentence a difference: what their objects are, and who may do what with them. */
export interface DatabaseDifferences {
  /** One sentence for each object that is missing, new or changed, and for each column of the catalog that differs. */
  readonly schema: readonly string[];
  /** The same for roles, owners and privileges, of objects that are in both databases. */
  readonly grants: readonly string[];
}

/** Compares the catalog objects of two databases, by their names; the order of objects makes no difference. */
export function compareDatabases(before: DatabaseObjects, now: DatabaseObjects): DatabaseDifferences {
  const isInBoth = (name: string): boolean => name in before.schema === name in now.schema;
  const ofBoth = (objects: Objects): Objects =>
    Object.fromEntries(Object.entries(objects).filter(([name]) => isInBoth(name)));
  return {
    schema: differencesBetween('schema', before.schema, now.schema),
    grants: differencesBetween('access', ofBoth(before.grants), ofBoth(now.grants)),
  };
}
