// What came back, against what the manifest says there was.
import { finding } from '../support/errors.ts';
import { waitUntilManaging, type ManagerProbe, listObjects } from './engine/probe.ts';
import type { Manager } from './engine/manager.ts';
import type { Manifest, Named } from './file/manifest.ts';

/** @throws DrillError `not-the-same` with everything that differs */
export async function compareWithManifest(
  manager: Manager,
  { cluster, node, objects }: Manifest,
): Promise<ManagerProbe> {
  const now = await waitUntilManaging(manager, node.id, 'finding');
  const there = await listObjects(manager.engine);
  const differences = [
    ...(now.clusterId === cluster.id ? [] : [`expected the cluster ${cluster.id}, got ${now.clusterId}`]),
    ...(now.caDigest === cluster.caDigest ? [] : ['its root certificate is another one']),
    ...Object.entries(objects).flatMap(([kind, expected]) =>
      findMissing(expected, there[kind as keyof typeof there]).map(
        ({ id, name }) => `${kind}: ${name} (${id}) is missing`,
      ),
    ),
  ];
  if (differences.length > 0)
    throw finding(`what came back is not what was backed up: ${differences.join('; ')}`, {
      code: 'not-the-same',
    });
  return now;
}

/** By id: what came into being between the look and the copy is no fault. */
function findMissing(expected: readonly Named[], there: readonly Named[]): Named[] {
  const ids = new Set(there.map(({ id }) => id));
  return expected.filter(({ id }) => !ids.has(id));
}
