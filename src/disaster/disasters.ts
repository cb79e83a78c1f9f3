// The failures that a drill author can choose from. Each destroys something, and returns proof of it and what survived.
import type { Engine } from '../lab/engine/engine.ts';
import { connect } from '../lab/engine/connect.ts';
import { isNotFound } from '../lab/engine/errors.ts';
import type { Aftermath, ProofRow } from '../model/disaster.ts';
import { usage } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import type { Node } from '../swarm/node/node.ts';
import { Swarm } from '../swarm/swarm.ts';

/**
 * Destroys every node with its disk. Nothing survives, by type.
 * @returns proof of each container and disk
 */
export async function destroyAllNodes(swarm: Swarm): Promise<Aftermath<void>> {
  return { proof: await destroyWithProof(swarm, swarm.nodes), survivors: undefined };
}

/**
 * Destroys one node, or several, with their disks. The swarm of the remaining nodes survives, with or without a quorum.
 * @param nodes nodes of the swarm, or their names
 * @returns proof of each container and disk, and the swarm of the remaining nodes
 * @throws DrillError `usage` unless at least one node is named and one remains, `no-node` if the swarm has none of that name
 */
export async function destroyNodes(
  swarm: Swarm,
  nodes: Node | string | readonly (Node | string)[],
): Promise<Aftermath<Swarm>> {
  const names = new Set([nodes].flat().map((node) => (typeof node === 'string' ? node : node.name)));
  const doomed = [...names].map((name) => swarm.node(name));
  const remaining = swarm.nodes.filter(({ name }) => !names.has(name));
  if (doomed.length === 0 || remaining.length === 0)
    throw usage(
      `destroyNodes: expected 1 to ${swarm.nodes.length - 1} of ${swarm.nodes.length} nodes, got ${doomed.length}`,
      'Name at least one node, and use destroyAllNodes to destroy all of them.',
    );
  return { proof: await destroyWithProof(swarm, doomed), survivors: new Swarm(swarm.site, remaining) };
}

/** Asks for the state of each container and disk by id, before and after. */
async function destroyWithProof(swarm: Swarm, nodes: readonly Node[]): Promise<ProofRow[]> {
  const engine = connect(swarm.site.lab.host);
  const objects = nodes.flatMap((node) => [
    { what: `container of ${node.name}`, id: node.id, state: () => containerState(engine, node.id) },
    { what: `disk of ${node.name}`, id: node.volume, state: () => volumeState(engine, node.volume) },
  ]);
  const before = await Promise.all(objects.map(({ state }) => state()));
  await step(`destroy ${nodes.map(({ name }) => name).join(', ')}`, () =>
    Promise.all(nodes.map((node) => node.destroy())),
  );
  const after = await Promise.all(objects.map(({ state }) => state()));
  return objects.map(({ what, id }, at) => ({ what, id, before: before[at] ?? '', after: after[at] ?? '' }));
}

const containerState = (engine: Engine, id: string): Promise<string> =>
  engine.containers.inspect(id).then(({ State }) => State.Status, goneIfNotFound);
const volumeState = (engine: Engine, name: string): Promise<string> =>
  engine.volumes.inspect(name).then(() => 'present', goneIfNotFound);

function goneIfNotFound(error: unknown): string {
  if (isNotFound(error)) return 'gone';
  throw error;
}
