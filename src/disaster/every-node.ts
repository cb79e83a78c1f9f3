// Total loss: every node's container and disk is gone at once. Nothing survives, by type.
import { isNotFound } from '../lab/engine/errors.ts';
import { step } from '../support/trace.ts';
import { connect, type Docker } from '../lab/engine/connect.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Aftermath, ProofRow } from '../model/disaster.ts';

/** Destroys every node and its volume, and looks for each of them by id afterwards. */
export async function everyNode(swarm: Swarm): Promise<Aftermath<void>> {
  const docker = connect(swarm.site.lab.host);
  const things = swarm.nodes.flatMap((node) => [
    { what: `container of ${node.name}`, id: node.id, state: () => containerState(docker, node.id) },
    { what: `disk of ${node.name}`, id: node.volume, state: () => volumeState(docker, node.volume) },
  ]);
  const before = await Promise.all(things.map(({ state }) => state()));
  await step('destroy every node', () => Promise.all(swarm.nodes.map((node) => node.destroy())));
  const after = await Promise.all(things.map(({ state }) => state()));
  const proof = things.map(({ what, id }, index): ProofRow => ({
    what,
    id,
    before: before[index] ?? '',
    after: after[index] ?? '',
  }));
  return { proof, survivors: undefined };
}

const gone = (error: unknown): string => {
  if (isNotFound(error)) return 'gone';
  throw error;
};
const containerState = (docker: Docker, id: string): Promise<string> =>
  docker
    .getContainer(id)
    .inspect()
    .then(({ State }) => State.Status, gone);
const volumeState = (docker: Docker, name: string): Promise<string> =>
  docker
    .getVolume(name)
    .inspect()
    .then(() => 'there', gone);
