// Checks that a swarm is autolocked: a recovery may leave autolock off without saying so.
import { seconds } from '../../support/clock.ts';
import { reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { readNodeKey } from '../../swarm/autolock.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Check } from '../../model/check.ts';

/**
 * Looks at each manager's state and key and at the setting, then restarts one of them: it must be locked, and the unlock key must open
 * it. A follower is restarted if there is one.
 */
export const swarmLocked = (swarm: Swarm): Check => ({
  name: 'swarm locked',
  required: true,
  doesNotProve: 'that anyone has written the unlock key down',
  covers: ['cluster identity'],
  async observe() {
    const differences: string[] = [];
    for (const node of swarm.managers) {
      const state = await stateOf(node);
      if (state !== 'active')
        differences.push(`${node.name}: expected its swarm to be active, it is ${state}`);
    }
    // Without a manager there is nothing else to ask.
    if (differences.length > 0) return { compared: swarm.managers.length, differences };
    const { engine } = await swarm.manager();
    const { Spec } = await engine.swarm.inspect();
    const key = await engine.swarm.unlockKey();
    if (!isAutolocked(Spec)) differences.push('expected autolock on, got off');
    for (const node of swarm.managers)
      if (!(await readNodeKey(node)).isEncrypted) differences.push(`${node.name}: its key is not encrypted`);
    // Unlocked engines need not be stopped to see that they are.
    if (differences.length === 0) differences.push(...(await restart(swarm, key)));
    return { compared: 2 + 2 * swarm.managers.length, differences };
  },
});

const isAutolocked = (spec: Readonly<Record<string, unknown>>): boolean =>
  (spec['EncryptionConfig'] as { AutoLockManagers?: boolean } | undefined)?.AutoLockManagers === true;

/** @returns differences */
async function restart(swarm: Swarm, key: string): Promise<string[]> {
  const leader = await swarm.leader();
  const node = swarm.managers.find(({ name }) => name !== leader.name) ?? leader;
  const started = await (await node.stop(seconds(10))).start();
  swarm.replace(started);
  const state = await stateOf(started);
  if (state !== 'locked') {
    await swarm.ready();
    return [`${node.name}: expected it to be locked after a restart, it is ${state}`];
  }
  try {
    await started.engine.swarm.unlock(key);
  } catch (error) {
    return [`${node.name}: the unlock key of the swarm does not open it: ${reasonOf(error)}`];
  }
  await swarm.ready();
  return [];
}

/** `active`, `locked` or `error`: an engine that starts is `pending` first. */
const stateOf = ({ engine, name }: Node): Promise<string> =>
  waitUntil(`the swarm of ${name}`, async () => {
    const { LocalNodeState } = (await engine.info()).Swarm;
    return LocalNodeState === 'pending' ? { notYet: 'it is pending' } : { done: LocalNodeState };
  });
