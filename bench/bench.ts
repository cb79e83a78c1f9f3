// Measures the speed claims of the docs in one run on one machine, as ratios; one file a part.
import { workloadImages } from '../fixtures/images/recipes.ts';
import type { Lab } from '../src/lab/lab.ts';
import { openLab } from '../src/lab/open.ts';
import { usage } from '../src/support/errors.ts';
import { drill } from './drill.ts';
import { firstRun } from './first-run.ts';
import { jobs } from './jobs.ts';
import { manifest } from './manifest.ts';
import { restore } from './restore.ts';
import { swarm } from './swarm.ts';

const PARTS: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  swarm,
  drill,
  manifest,
  restore,
  jobs,
  'first-run': firstRun,
};

/** Runs the parts of these names; all of them when there are no names. @throws DrillError `usage` for a name that no part has */
export async function bench(names: readonly string[]): Promise<void> {
  const known = Object.keys(PARTS);
  for (const name of names)
    if (!known.includes(name))
      throw usage(
        `expected a part of the bench (${known.join(', ')}), got "${name}"`,
        'name one of them, or none for all',
      );
  await using lab = await openLab({
    images: workloadImages,
    progress: (doing) => console.error(`lab: ${doing}`),
  });
  for (const [name, part] of Object.entries(PARTS))
    if (names.length === 0 || names.includes(name)) await part(lab);
}
