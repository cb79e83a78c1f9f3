// What a server must be for a backup of its data files to be of use: it has data, and any server of its image can load it.
import { finding } from '../../support/errors.ts';
import type { ServiceClient } from './service.ts';
import { countContents, holdsNothing } from './contents.ts';

/** @throws DrillError `modules-loaded`, `cluster-mode`, `empty-server` */
export async function requireSupported(client: ServiceClient): Promise<void> {
  const { service, node } = client.task;
  const [modules] = (await client.send(['MODULE', 'LIST'])) as [readonly unknown[]];
  if (modules.length > 0)
    throw finding(`${service}: the server has loaded modules (${modules.map(moduleName).join(', ')})`, {
      code: 'modules-loaded',
      node: node.name,
      hint: 'A server without them can not load their data. Back up the volume of the server while it is stopped.',
    });
  if ((await client.info('cluster'))['cluster_enabled'] === '1')
    throw finding(`${service}: the server is a member of a cluster, and holds only some of its keys`, {
      code: 'cluster-mode',
      node: node.name,
      hint: 'Back up the volume of each member while it is stopped: it has the configuration of the cluster, too.',
    });
  const { contents } = await countContents(client);
  if (holdsNothing(contents))
    throw finding(`${service}: the server has no keys and no functions, so there is nothing to back up`, {
      code: 'empty-server',
      node: node.name,
      hint: 'Check that this is the service that the application writes to.',
    });
}

/** A module is a list of names and values in turn. */
function moduleName(module: unknown): string {
  const fields = module as readonly unknown[];
  return String(fields[fields.indexOf('name') + 1]);
}
