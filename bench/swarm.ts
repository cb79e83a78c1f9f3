// A three-node swarm, workload images included, against the plain way to make one with Testcontainers.
import { Swarm } from '../src/swarm/swarm.ts';
import type { Lab } from '../src/lab/lab.ts';
import { Site } from '../src/swarm/site.ts';
import { against, id } from './measure.ts';
import { plainSwarm } from './plain.ts';

export async function swarm(lab: Lab): Promise<void> {
  const { ours, plain, ratio } = await against(
    'swarm',
    async (scope) => {
      const site = await Site.open({ lab, run: id(), drill: 'bench', scope });
      await Swarm.start(site, { managers: 3, workers: 0 });
    },
    (scope) => plainSwarm(lab, scope),
  );
  console.log(
    `swarm: three nodes ready, images included: median ${ours.toFixed(2)} s against ${plain.toFixed(2)} s; ` +
      `ratio ${ratio.toFixed(2)} (to reach: at most 0.50)`,
  );
}
