// Rebuilds a swarm without any copy of its state: stacks from git, the values of secrets from a sealed file, volumes from their backups.
import type { Kept } from '../vault/vault.ts';
import { step } from '../support/trace.ts';
import type { Node } from '../swarm/node/node.ts';
import type { Site } from '../swarm/site.ts';
import { Swarm, type Topology } from '../swarm/swarm.ts';
import { relabel, type NodeLabels } from './relabel.ts';

type RestoresInto<Target> = Pick<Kept<Target, unknown>, 'restoreInto'>;

/** What an operator keeps outside of the swarm. */
export interface DeclaredSources<Secrets> {
  readonly topology: Topology;
  /** Labels by node name: no stack file has them. */
  readonly labels: NodeLabels;
  readonly stacks: readonly RestoresInto<{ readonly swarm: Swarm; readonly secrets: Secrets }>[];
  readonly secrets: Secrets;
  /** Full names of volumes, the nodes to put them on, and their backups. */
  readonly volumes: readonly {
    readonly name: string;
    readonly on: string;
    readonly kept: RestoresInto<{ readonly swarm: Swarm; readonly node: Node; readonly name: string }>;
  }[];
}

/**
 * Starts a new swarm, restores the volumes, deploys the stacks and sets the labels last, so that no service starts before its data is
 * there. Cluster id, root certificate and tokens are new, so programs that use the old ones need the new ones. Each part compares what it restored.
 * @throws DrillError as the restores of stacks and volumes do; `wait-timeout` if a service does not start
 */
export async function rebuildFromSources<Secrets>(
  site: Site,
  { topology, labels, stacks, secrets, volumes }: DeclaredSources<Secrets>,
): Promise<Swarm> {
  const swarm = await step('start a new swarm', () => Swarm.start(site, topology));
  for (const { name, on, kept } of volumes) await kept.restoreInto({ swarm, node: swarm.node(on), name });
  for (const stack of stacks) await stack.restoreInto({ swarm, secrets });
  await relabel(swarm, labels);
  await swarm.converged();
  return swarm;
}
