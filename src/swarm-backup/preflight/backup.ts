// Checks that a manager can be backed up now: a working swarm, a quorum without it, the right directory, the right unlock key.
import { DrillError, finding } from '../../support/errors.ts';
import { quorumWithout } from '../../swarm/quorum.ts';
import { type ManagerProbe, probeSwarm } from '../engine/probe.ts';
import type { DataRoot, Manager } from '../engine/manager.ts';
import { openPrivateKey, parseKeyFile } from '../autolock/key-file.ts';
import { isKeyEncrypted, NODE_CERTIFICATE, NODE_KEY, parseNodeId } from '../file/node-key.ts';
import { requireNoUnfinishedTasks } from './unfinished-tasks.ts';

/** @throws DrillError, most often a finding, when this manager can't be backed up now */
export async function preflightBackup(
  manager: Manager,
  unlockKey: string | undefined,
  { stopsEngine }: { readonly stopsEngine: boolean },
): Promise<ManagerProbe> {
  const { name, engine, root } = manager;
  const probe = await probeSwarm(engine);
  if (probe.state === 'silent')
    throw new DrillError(`the engine of ${name} does not answer: ${probe.reason}`, {
      code: 'no-engine',
      hint: `Start it (${manager.startCommand}), or give its address with --engine.`,
    });
  if (probe.state === 'none')
    throw finding(`there is no swarm on ${name}`, { code: 'no-swarm', hint: 'Run this on a manager.' });
  if (probe.state === 'worker')
    throw finding(`${name} is a worker; only managers hold the swarm's state`, {
      code: 'not-a-manager',
      hint: `Run this on a manager: ${probe.managers.join(', ')}`,
    });
  if (probe.state !== 'manager')
    throw finding(`the swarm of ${name} is not up: ${probe.reason}`, {
      code: `swarm-${probe.state}`,
      hint:
        probe.state === 'locked'
          ? 'Unlock it first: docker swarm unlock.'
          : 'Repair the swarm first, or copy its directory by hand while the engine is stopped.',
    });
  if (stopsEngine) {
    quorumWithout(probe.nodeId, probe.members);
    await requireNoUnfinishedTasks(manager, probe.nodeId);
  }
  await requireSameEngine(root, probe.nodeId);
  requireUnlockKey((await root.read(NODE_KEY)) ?? '', unlockKey);
  return probe;
}

/** The data root must belong to the engine that answers, not to another engine or machine. */
async function requireSameEngine(root: DataRoot, nodeId: string): Promise<void> {
  const certificate = await root.read(NODE_CERTIFICATE);
  const owner = certificate === undefined ? undefined : parseNodeId(certificate);
  if (owner !== nodeId)
    throw new DrillError(
      `${root.path}/swarm: expected the directory of node ${nodeId}, whose engine answers, got that of ${owner ?? 'no node'}`,
      { code: 'data-root', hint: 'Give --engine and --data-root of the same engine.' },
    );
}

/** @throws DrillError `no-unlock-key`, `wrong-unlock-key`; nothing when the key is not locked */
export function requireUnlockKey(nodeKey: string, unlockKey: string | undefined): void {
  if (!isKeyEncrypted(nodeKey)) return;
  if (unlockKey === undefined)
    throw finding('the swarm is autolocked, and no unlock key was given', {
      code: 'no-unlock-key',
      hint: 'Write the output of `docker swarm unlock-key -q` on a manager to a file and pass it with --unlock-key-file. Keep it: a restore needs it too.',
    });
  openPrivateKey(parseKeyFile(nodeKey), unlockKey);
}
