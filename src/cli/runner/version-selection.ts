// Which engine versions a run needs, and what to say about those that it does not use or can't have.
import type { Drill } from '../../drill/plan.ts';
import type { EngineVersion } from '../../lab/image/engine-versions.ts';
import type { LabFacts } from '../../lab/lab.ts';

type Versioned = Pick<Drill, 'name'> & {
  readonly plan: Pick<Drill['plan'], 'engineVersion' | 'otherEngineVersions'>;
};

/** Returns each version that a drill names, and the one of the run if a drill uses it. */
export function requiredEngineVersions(
  drills: readonly Versioned[],
  ofRun: EngineVersion | undefined,
): readonly EngineVersion[] {
  const named = drills.flatMap(({ plan: { engineVersion = ofRun, otherEngineVersions = [] } }) => [
    engineVersion,
    ...otherEngineVersions,
  ]);
  return [...new Set(named.filter((version) => version !== undefined))];
}

/** Returns what the person who started the run should know, a line each. */
export function versionNotices(
  drills: readonly Versioned[],
  ofRun: EngineVersion | undefined,
  { missingEngines = [] }: Pick<LabFacts, 'missingEngines'>,
): string[] {
  const fixed = drills.filter(({ plan }) => plan.engineVersion !== undefined).map(({ name }) => name);
  return [
    ...(ofRun !== undefined && fixed.length > 0
      ? [`--engine-version does not apply to ${fixed.join(', ')}: the plan names a version`]
      : []),
    ...missingEngines.map(({ version, reason }) => `lab: no nodes with engine ${version}: ${reason}`),
  ];
}
