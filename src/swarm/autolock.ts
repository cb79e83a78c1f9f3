// Autolock: the managers of a swarm keep their keys encrypted on the disk, and each needs the unlock key when its engine starts.
import type { Engine } from '../lab/engine/engine.ts';
import { waitUntil } from '../support/poll.ts';
import { step } from '../support/trace.ts';
import type { Node } from './node/node.ts';

/** The part of a swarm's specification that turns autolock on. */
export const AUTOLOCK = { EncryptionConfig: { AutoLockManagers: true } } as const;

const NODE_KEY = '/var/lib/docker/swarm/certificates/swarm-node.key';

/** Turns autolock on, and waits until every manager has encrypted its key. */
export const lockManagers = (managers: readonly Node[]): Promise<void> =>
  step('lock the swarm', () => changeUnlockKey(managers, {}));

/** Replaces the unlock key, and waits until every manager has encrypted its key with the new one. */
export const replaceUnlockKey = (managers: readonly Node[]): Promise<void> =>
  step('replace the unlock key', () => changeUnlockKey(managers, { rotateManagerUnlockKey: true }));

async function changeUnlockKey(
  managers: readonly Node[],
  options: { readonly rotateManagerUnlockKey?: boolean },
): Promise<void> {
  const [first] = managers;
  if (!first) return;
  const before = await first.engine.swarm.unlockKey();
  const index = await waitUntil('the swarm to take the unlock key', () =>
    update(first.engine, before, options),
  );
  await Promise.all(
    managers.map((node) =>
      waitUntil(`${node.name} to encrypt its key`, async () => {
        const { isEncrypted, version } = await readNodeKey(node);
        if (!isEncrypted) return { notYet: 'it is plain' };
        return version > index ? { done: true } : { notYet: 'it is encrypted with the old unlock key' };
      }),
    ),
  );
}

/** @returns the raft index before the unlock key was changed */
async function update(
  { swarm }: Engine,
  before: string,
  options: { readonly rotateManagerUnlockKey?: boolean },
): Promise<{ done: number } | { notYet: string }> {
  const { Version, Spec } = await swarm.inspect();
  await swarm.update(Version, { ...Spec, ...AUTOLOCK }, options);
  const now = await swarm.unlockKey();
  return now !== '' && now !== before ? { done: Version.Index } : { notYet: 'it has the old one' };
}

export interface NodeKeyState {
  readonly isEncrypted: boolean;
  /** The raft index of the change that set its unlock key; 0 without one. */
  readonly version: number;
}

/** Reads how the key of a running manager is stored, without the key. */
export async function readNodeKey(node: Node): Promise<NodeKeyState> {
  const lines = await node.exec(['grep', '-e', '^-----BEGIN', '-e', '^kek-version', NODE_KEY]);
  return {
    isEncrypted: lines.includes('BEGIN ENCRYPTED PRIVATE KEY'),
    version: Number(/^kek-version: (\d+)$/m.exec(lines)?.[1] ?? 0),
  };
}
