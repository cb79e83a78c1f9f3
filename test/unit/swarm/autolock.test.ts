// A swarm counts as locked when every manager has encrypted its key with the new unlock key, not when the change is accepted.
import { expect, test } from 'vitest';
import { lockManagers, readNodeKey, replaceUnlockKey } from '../../../src/swarm/autolock.ts';
import type { Node } from '../../../src/swarm/node/node.ts';

interface FakeCluster {
  index: number;
  unlockKey: string;
  readonly updates: unknown[];
}

/** A manager that encrypts its key with each new unlock key after it was asked `delay` times. */
function fakeManager(name: string, cluster: FakeCluster, delay: number): Node {
  let version = 0;
  let asked = 0;
  return {
    name,
    async exec() {
      if (++asked > delay) version = cluster.index;
      const label = version === 0 ? 'PRIVATE KEY' : 'ENCRYPTED PRIVATE KEY';
      return `-----BEGIN ${label}-----\nkek-version: ${version}\n`;
    },
    engine: {
      swarm: {
        inspect: async () => ({ Version: { Index: cluster.index }, Spec: { Name: 'default' } }),
        unlockKey: async () => cluster.unlockKey,
        update: async (...args: unknown[]) => {
          cluster.updates.push(args);
          cluster.index += 3;
          cluster.unlockKey = `key-${cluster.index}`;
        },
      },
    },
  } as unknown as Node;
}

const locked = { Name: 'default', EncryptionConfig: { AutoLockManagers: true } };

test('waits until the slowest manager has encrypted its key', async () => {
  const cluster: FakeCluster = { index: 10, unlockKey: '', updates: [] };
  const managers = [fakeManager('manager-1', cluster, 0), fakeManager('manager-2', cluster, 3)];
  await lockManagers(managers);
  expect(cluster.updates).toEqual([[{ Index: 10 }, locked, {}]]);
  expect(await Promise.all(managers.map(readNodeKey))).toEqual([
    { isEncrypted: true, version: 13 },
    { isEncrypted: true, version: 13 },
  ]);
});

test('waits for the new key where the old one has encrypted it', async () => {
  const cluster: FakeCluster = { index: 10, unlockKey: '', updates: [] };
  const managers = [fakeManager('manager-1', cluster, 1), fakeManager('manager-2', cluster, 2)];
  await lockManagers(managers);
  await replaceUnlockKey(managers);
  expect(cluster.updates.at(-1)).toEqual([{ Index: 13 }, locked, { rotateManagerUnlockKey: true }]);
  expect((await readNodeKey(managers[1] as Node)).version).toBe(16);
});
