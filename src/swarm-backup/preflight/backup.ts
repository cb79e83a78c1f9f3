// Whether a manager can be backed up now: a swarm that works, a quorum without it, the right directory, the right unlock key.
import { DrillError, finding } from '../../support/errors.ts';
import { quorumWithout } from '../../swarm/quorum.ts';
import { type ManagerProbe, probeSwarm } from '../engine/probe.ts';
import type { DataRoot, Manager } from '../engine/manager.ts';
import { isKeyEncrypted, NODE_CERTIFICATE, NODE_KEY, parseNodeId, canDecryptKey } from '../file/node-key.ts';

/** @throws DrillError of a finding when a copy of this manager can't be made now, or would be none */
export async function preflightBackup(
  manager: Manager,
  unlockKey: string | undefined,
): Promise<ManagerProbe> {
  const { name, engine, root } = manager;
  const seen = await probeSwarm(engine);
  if (seen.state === 'silent')
    throw new DrillError(`the engine of ${name} does not answer: ${seen.reason}`, {
      code: 'no-engine',
      hint: `start it (${manager.startedBy}), or say where it answers with --engine`,
    });
  if (seen.state === 'none')
    throw finding(`there is no swarm on ${name}`, { code: 'no-swarm', hint: 'run this on a manager' });
  if (seen.state === 'worker')
    throw finding(`${name} is a worker, and only managers hold the swarm's state`, {
      code: 'not-a-manager',
      hint: `run this on a manager: ${seen.managers.join(', ')}`,
    });
  if (seen.state !== 'manager')
    throw finding(`the swarm of ${name} is not up: ${seen.reason}`, {
      code: `swarm-${seen.state}`,
      hint:
        seen.state === 'locked'
          ? 'unlock it first: docker swarm unlock'
          : 'a backup needs a swarm that works; what there is can be copied by hand while the engine is stopped',
    });
  quorumWithout(seen.nodeId, seen.members);
  await requireSameEngine(root, seen.nodeId);
  requireUnlockKey((await root.read(NODE_KEY)) ?? '', unlockKey);
  return seen;
}

/** That the directory is the one of the engine that answers: of no other machine, and of no other engine on this one. */
async function requireSameEngine(root: DataRoot, nodeId: string): Promise<void> {
  const certificate = await root.read(NODE_CERTIFICATE);
  const owner = certificate === undefined ? undefined : parseNodeId(certificate);
  if (owner !== nodeId)
    throw new DrillError(
      `the swarm directory in ${root.path} is that of ${owner ?? 'nobody'}, and the engine that answers is the node ${nodeId}`,
      { code: 'data-root', hint: 'give --engine and --data-root of one and the same engine' },
    );
}

/** @throws DrillError `no-unlock-key`, `wrong-unlock-key`; nothing when the key is not locked */
export function requireUnlockKey(nodeKey: string, unlockKey: string | undefined): void {
  if (!isKeyEncrypted(nodeKey)) return;
  if (unlockKey === undefined)
    throw finding('the swarm is autolocked: it opens with its unlock key alone', {
      code: 'no-unlock-key',
      hint: 'write what `docker swarm unlock-key -q` prints on a manager to a file, and give it with --unlock-key-file; keep it, for a restore needs it, too',
    });
  if (!canDecryptKey(nodeKey, unlockKey))
    throw finding('the unlock key is not the one that this manager is locked with', {
      code: 'wrong-unlock-key',
      hint: 'keys are rotated: a running manager goes by the present one, a backup by that of its day',
    });
}
