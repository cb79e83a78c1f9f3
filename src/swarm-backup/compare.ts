// Compares the restored swarm with the manifest.
import { finding } from '../support/errors.ts';
import type { Manager } from './engine/manager.ts';
import { listObjects, type ManagerProbe, waitUntilManaging } from './engine/probe.ts';
import type { Manifest, Named } from './file/manifest.ts';

/** @throws DrillError `not-the-same` with every difference */
export async function compareWithManifest(
  manager: Manager,
  { cluster, node, objects, raftIndex = 0 }: Manifest,
): Promise<ManagerProbe> {
  const now = await waitUntilManaging(manager, node.id, 'finding');
  const restored = await listObjects(manager.engine);
  // A manager that starts writes an entry: its node becomes ready.
  const reached = Math.max(...now.members.map(({ Version }) => Version.Index));
  const differences = [
    ...(now.clusterId === cluster.id ? [] : [`expected the cluster ${cluster.id}, got ${now.clusterId}`]),
    ...(now.caDigest === cluster.caDigest ? [] : ['it has another root certificate']),
    ...Object.entries(objects).flatMap(([kind, expected]) =>
      findMissing(expected, restored[kind as keyof typeof restored]).map(
        ({ id, name }) => `${kind}: ${name} (${id}) is missing`,
      ),
    ),
    ...(reached >= raftIndex
      ? []
      : [`expected every raft entry up to ${raftIndex}, and it has come to entry ${reached}`]),
  ];
  if (differences.length > 0)
    throw finding(`the restored swarm differs from the backup: ${differences.join('; ')}`, {
      code: 'not-the-same',
    });
  return now;
}

/** By id, and only what is missing: additional objects were created between listing and copying. */
function findMissing(expected: readonly Named[], restored: readonly Named[]): Named[] {
  const ids = new Set(restored.map(({ id }) => id));
  return expected.filter(({ id }) => !ids.has(id));
}
