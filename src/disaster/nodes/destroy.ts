// Nodes that are lost for good: with their disks.
import { connect } from '../../lab/engine/connect.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { isNotFound } from '../../lab/engine/errors.ts';
import type { Aftermath, ProofRow } from '../../model/disaster.ts';
import { usage } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeFailure, type Sighting } from '../cause.ts';
import { namesOf, splitTargets, type Targets } from '../targets.ts';

/**
 * Destroys every node with its disk. Nothing survives, by type.
 * @returns proof of each container and disk
 */
export async function destroyAllNodes(swarm: Swarm): Promise<Aftermath<void>> {
  return { proof: await destroyWithProof(swarm, swarm.nodes), survivors: undefined };
}

/**
 * Destroys one node, or several, with their disks. The swarm of the remaining nodes survives, with or without a quorum.
 * @param targets nodes of the swarm, or their names
 * @returns proof of each container and disk, and the swarm of the remaining nodes
 * @throws DrillError `usage` unless at least one node is named and one remains, `no-node` if the swarm has none of that name
 */
export async function destroyNodes(swarm: Swarm, targets: Targets): Promise<Aftermath<Swarm>> {
  const { nodes, others } = splitTargets(swarm, targets, 'destroyNodes');
  if (others.nodes.length === 0)
    throw usage(
      `destroyNodes: expected 1 to ${swarm.nodes.length - 1} of ${swarm.nodes.length} nodes, got ${nodes.length}`,
      'Name at least one node, and use destroyAllNodes to destroy all of them.',
    );
  return { proof: await destroyWithProof(swarm, nodes), survivors: others };
}

/** Looks at each container and disk by id. */
function destroyWithProof(swarm: Swarm, nodes: readonly Node[]): Promise<readonly ProofRow[]> {
  const engine = connect(swarm.site.lab.host);
  return causeFailure({
    name: `destroy ${namesOf(nodes)}`,
    witnesses: nodes.flatMap((node) => [
      {
        what: `container of ${node.name}`,
        id: node.id,
        look: async () => ({ state: await node.containerState() }),
      },
      { what: `disk of ${node.name}`, id: node.volume, look: () => lookAtVolume(engine, node.volume) },
    ]),
    cause: () => Promise.all(nodes.map((node) => node.destroy())),
  });
}

const lookAtVolume = (engine: Engine, name: string): Promise<Sighting> =>
  engine.volumes.inspect(name).then(
    () => ({ state: 'present' }),
    (error: unknown) => {
      if (isNotFound(error)) return { state: 'gone' };
      throw error;
    },
  );
