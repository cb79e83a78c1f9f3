// Which drills a run has: by name, tag and last result; then the part of them that this machine runs.
import { DEFAULT_TAGS, type Tag, TAGS } from '../../drill/tags.ts';
import type { ShardFact } from '../../drill/events.ts';
import type { Drill } from '../../drill/plan.ts';
import { usage } from '../../support/errors.ts';
import { selectDrills } from './drill-files.ts';
import { type PastDrill, readHistory } from './history.ts';
import { type Shard, splitForShard } from './shard.ts';

export interface Selectors {
  /** Of drills or files; none selects every drill. */
  readonly names: readonly string[];
  /** A drill needs one of them; none does not restrict. */
  readonly tags: readonly Tag[];
  /** Only drills whose last result was not `recovered`. */
  readonly lastFailed: boolean;
  readonly shard?: Shard | undefined;
  /** Where the reports of earlier runs are. */
  readonly reports: string;
}

export interface Selection {
  readonly drills: readonly Drill[];
  readonly history: ReadonlyMap<string, PastDrill>;
  readonly shard?: ShardFact;
}

export const tagsOf = ({ plan }: Drill): readonly Tag[] => plan.tags ?? DEFAULT_TAGS;

/** @throws DrillError `usage` if nothing is selected, with what there is to select */
export async function select({ names, tags, lastFailed, shard, reports }: Selectors): Promise<Selection> {
  const named = await selectDrills(names);
  const history = await readHistory(reports);
  const tagged = tags.length === 0 ? named : named.filter((drill) => hasTag(drill, tags));
  if (tagged.length === 0) throw noneTagged(tags, named);
  const chosen = lastFailed ? tagged.filter(({ name }) => failedLast(history.get(name))) : tagged;
  if (chosen.length === 0) throw noneFailed(tagged, history, reports);
  return shard ? { ...splitForShard(chosen, shard, history), history } : { drills: chosen, history };
}

const hasTag = (drill: Drill, tags: readonly Tag[]): boolean =>
  tagsOf(drill).some((tag) => tags.includes(tag));

/** A drill that never ran has not failed. */
const failedLast = (past: PastDrill | undefined): boolean =>
  past !== undefined && past.verdict !== 'recovered';

function noneTagged(tags: readonly Tag[], drills: readonly Drill[]): Error {
  const counts = TAGS.map((tag) => `${tag}: ${drills.filter((drill) => hasTag(drill, [tag])).length}`);
  return usage(
    `no selected drill has the tag ${tags.join(' or ')} (drills by tag: ${counts.join(', ')})`,
    'Choose another tag, or list the drills and their tags with `swarm-drill list`.',
  );
}

function noneFailed(
  drills: readonly Drill[],
  history: ReadonlyMap<string, PastDrill>,
  reports: string,
): Error {
  const ran = drills.filter(({ name }) => history.has(name));
  return usage(
    ran.length === 0
      ? `none of the ${drills.length} selected drills has a report in ${reports}`
      : `all ${ran.length} selected drills that have a report in ${reports} recovered`,
    'Run them without --last-failed, or name the directory of the reports with --reports.',
  );
}
