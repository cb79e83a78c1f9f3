// The unsealed key file in the copy of a swarm directory: written just before the engine starts, and removed when the restore is undone.
// It exists nowhere else.
import { step } from '../../support/trace.ts';
import type { DataRoot } from '../engine/manager.ts';
import { isKeyEncrypted, NODE_KEY } from '../file/node-key.ts';
import { unsealKeyFile } from './unseal.ts';

/** What `DataRoot.write` writes before it renames it. */
const UNFINISHED = `${NODE_KEY}.part`;

/** Replaces the key file in the swarm directory, readable to root only. */
export const writeUnsealedKey = (root: DataRoot, sealedKey: string, unlockKey: string): Promise<void> =>
  root.write(NODE_KEY, unsealKeyFile(sealedKey, unlockKey));

/** Removes the key file if it is unsealed, in a directory that is about to be removed. @returns whether it was */
export async function removeUnsealedKey(root: DataRoot): Promise<boolean> {
  const key = await root.read(NODE_KEY);
  const isUnsealed = (key !== undefined && !isKeyEncrypted(key)) || (await root.has(UNFINISHED));
  if (isUnsealed)
    await step('remove the unsealed node key', async () => {
      await root.remove(UNFINISHED);
      await root.remove(NODE_KEY);
    });
  return isUnsealed;
}
