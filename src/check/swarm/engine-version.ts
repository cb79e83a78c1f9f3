// Check of the engines that a swarm runs on.
import type { EngineVersion } from '../../lab/image/engine-versions.ts';
import type { Check } from '../../model/check.ts';
import type { Swarm } from '../../swarm/swarm.ts';

/** Compares the engine version that each node reports with `expected`. */
export const nodesRunEngine = (swarm: Swarm, expected: EngineVersion): Check => ({
  name: 'nodes run engine',
  required: true,
  doesNotProve: 'that another build of this version, such as that of another distribution, behaves the same',
  covers: [],
  async observe() {
    const versions = await Promise.all(
      swarm.nodes.map(async ({ name, engine }) => ({ name, actual: (await engine.info()).ServerVersion })),
    );
    return {
      compared: versions.length,
      differences: versions
        .filter(({ actual }) => !actual.startsWith(`${expected}.`))
        .map(({ name, actual }) => `${name}: expected engine ${expected}, got ${actual}`),
    };
  },
});
