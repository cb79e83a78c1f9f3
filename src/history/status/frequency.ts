// How often a drill has to recover, from evidence.yml.
import { parseDuration } from '../../evidence/facts/duration.ts';
import type { Frequency } from '../../evidence/facts/schema.ts';

/** Returns the shortest time, in seconds, that a rule allows between two recoveries of the drill; null if none is about it. */
export function requiredSeconds(
  drill: string,
  tags: readonly string[],
  rules: readonly Frequency[],
): number | null {
  const matching = rules.filter((rule) => ('tag' in rule ? tags.includes(rule.tag) : rule.drill === drill));
  const allowed = matching.map(({ every }) => parseDuration(every));
  return allowed.length === 0 ? null : Math.min(...allowed);
}

/** Returns the drills that rules name. */
export const namedDrills = (rules: readonly Frequency[]): string[] =>
  rules.flatMap((rule) => ('drill' in rule ? [rule.drill] : []));

/** Returns the tags that rules name. */
export const namedTags = (rules: readonly Frequency[]): string[] =>
  rules.flatMap((rule) => ('tag' in rule ? [rule.tag] : []));
