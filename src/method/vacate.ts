// Volumes of services that started too early: a restored node has its old labels, so that a service may start on it before its data
// is there, and find the new and empty volume that the engine made for it.
import { seconds } from '../support/clock.ts';
import { waitUntil } from '../support/poll.ts';
import { beside, succeeded } from './beside.ts';
import { factsOf, type Volume } from './volume.ts';

const LIMIT = seconds(60);

/**
 * Waits until nobody uses the volume any more, and removes what is in it. Only for a place to restore to: take the labels off
 * its node first (`Swarm.replaceLostMembers` does).
 */
export async function vacate(volume: Volume): Promise<Volume> {
  const { swarm, node, name } = volume;
  await waitUntil(
    `the volume ${name} to be free`,
    async () => {
      const users = await node.docker.listContainers({ filters: { volume: [name] } });
      return users.length === 0
        ? { done: true }
        : { notYet: `${users.map(({ Names }) => Names[0]?.slice(1)).join(', ')} still uses it` };
    },
    { limit: LIMIT },
  );
  if (!(await factsOf(volume))) return volume;
  const emptied = await beside(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv: ['find', '/volume', '-mindepth', '1', '-delete'],
    volumes: { [name]: '/volume' },
  });
  succeeded('find', node, 'not-vacated', emptied);
  return volume;
}
