// Locks a swarm again that was restored with an unsealed node key, and proves that it is locked.
import type { Engine } from '../../lab/engine/engine.ts';
import { seconds } from '../../support/clock.ts';
import { finding, reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step, typed } from '../../support/trace.ts';
import { AUTOLOCK } from '../../swarm/autolock.ts';
import { ENGINE_LIMIT, type Manager, START_ENGINE, STOP_ENGINE } from '../engine/manager.ts';
import { probeSwarm, unlockSwarm, waitUntilManaging } from '../engine/probe.ts';
import { isKeyEncrypted, NODE_KEY } from '../file/node-key.ts';
import { engineHeaders, openPrivateKey, parseKeyFile } from './key-file.ts';
import { isSealedRaftKey, RAFT_KEYS } from './raft-key.ts';

/** How long a manager may take to seal its key file with a new unlock key: it does so when it sees the change in raft. */
const SEAL_LIMIT = seconds(60);

/**
 * Gives the swarm a new unlock key, and waits until the manager has sealed its key file with it. The old unlock key is not used
 * further: it opened a key that was on the disk unsealed.
 * @returns the new unlock key
 * @throws DrillError `not-sealed`
 */
export async function sealAgain({ engine, root, name }: Manager): Promise<string> {
  const before = await engine.swarm.unlockKey();
  const key = await step(
    'set a new unlock key',
    () => rotateUnlockKey(engine, before),
    typed({ name }, 'docker swarm unlock-key --rotate'),
  );
  await step('wait for the sealed node key', async () => {
    try {
      await waitUntil(
        `${name} to seal its key file`,
        async () => {
          const reason = unsealedReason((await root.read(NODE_KEY)) ?? '', key);
          return reason === undefined ? { done: true } : { notYet: reason };
        },
        { limit: SEAL_LIMIT },
      );
    } catch (cause) {
      throw finding(`the key file of ${name} is not sealed again: ${reasonOf(cause)}`, {
        code: 'not-sealed',
        cause,
      });
    }
  });
  return key;
}

/** Turns autolock on if it is off, and replaces the unlock key `before`. */
const rotateUnlockKey = (engine: Engine, before: string): Promise<string> =>
  waitUntil('the swarm to take a new unlock key', async () => {
    const { Spec, Version } = await engine.swarm.inspect();
    const now = await engine.swarm.unlockKey();
    // The answer to an update that was made may have been lost.
    if (now !== '' && now !== before) return { done: now };
    const locked = { ...Spec, ...AUTOLOCK };
    await engine.swarm.update(Version, locked, { rotateManagerUnlockKey: before !== '' });
    return { notYet: 'it was just asked for' };
  });

/** Returns why the key file is not sealed with `key`; undefined if it is. */
export function unsealedReason(text: string, key: string): string | undefined {
  if (!isKeyEncrypted(text)) return 'its private key is not encrypted';
  const file = parseKeyFile(text);
  const plain = [...engineHeaders(file)].filter(
    ([header, value]) => RAFT_KEYS.includes(header) && !isSealedRaftKey(value),
  );
  if (plain.length > 0) return `${plain.map(([header]) => header).join(', ')} is not encrypted`;
  try {
    openPrivateKey(file, key);
    return undefined;
  } catch {
    return 'it is encrypted with another key';
  }
}

/**
 * Restarts the engine, requires that it is locked then, and unlocks it.
 * @throws DrillError `not-sealed` if it starts without the key, `wrong-unlock-key` if the key does not open it
 */
export async function proveLocked(manager: Manager, nodeId: string, key: string): Promise<void> {
  await step('stop the locked engine', () => manager.stop(), typed(manager, STOP_ENGINE));
  await step('start the locked engine', () => manager.start(), typed(manager, START_ENGINE));
  await step('require that it is locked', async () => {
    const state = await waitUntil(
      `the swarm of ${manager.name}`,
      async () => {
        const probe = await probeSwarm(manager.engine);
        return probe.state === 'silent' || probe.state === 'pending'
          ? { notYet: probe.reason }
          : { done: probe.state };
      },
      { limit: ENGINE_LIMIT },
    );
    if (state !== 'locked')
      throw finding(`after a restart the engine of ${manager.name} is not locked (it is ${state})`, {
        code: 'not-sealed',
      });
  });
  await step(
    'unlock the swarm with the new key',
    () => unlockSwarm(manager, key),
    typed(manager, 'docker swarm unlock'),
  );
  await step('wait for the manager', () => waitUntilManaging(manager, nodeId, 'finding'));
}
