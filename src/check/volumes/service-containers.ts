// The running containers of services, with names that are the same in every swarm.
import type { ContainerInspection } from '../../lab/engine/api.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { taskFacts } from '../rendered-template.ts';

export interface ServiceContainer {
  readonly node: Node;
  /** `<service>.<slot>`, or `<service>.<node>` of a global service. */
  readonly task: string;
  readonly service: string;
  readonly inspection: ContainerInspection;
}

/** Lists the running containers of all services, on the nodes that answer. */
export async function listServiceContainers({ nodes }: Swarm): Promise<ServiceContainer[]> {
  const filters = { label: ['com.docker.swarm.task.id'], status: ['running'] };
  const lists = await Promise.all(
    nodes.map(async (node) => {
      const { containers } = node.engine;
      // A node that does not answer runs no task that could be looked at: the check of the tasks reports it.
      const found = await containers.list({ filters }).catch(() => []);
      return Promise.all(
        found.map(async ({ Id, Labels }) => {
          const facts = taskFacts(Labels, node.name);
          const slot = facts['Task.Slot'] === facts['Node.ID'] ? node.name : facts['Task.Slot'];
          const service = facts['Service.Name'];
          return { node, service, task: `${service}.${slot}`, inspection: await containers.inspect(Id) };
        }),
      );
    }),
  );
  return lists.flat().sort((a, b) => a.task.localeCompare(b.task));
}
