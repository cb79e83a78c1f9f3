// What administrators change by mistake or by plan, and certificates that expire: each is seen, undone where that is possible, and refused
// where it has no effect. One swarm for all tests.
import { expect, test } from 'vitest';
import { disasters } from '../../src/index.ts';
import type { ProofRow } from '../../src/model/disaster.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { replacing, swarmWith, useSwarm, withoutEffect } from '../support/swarm-lab.ts';

const lab = useSwarm('disasters-settings', { managers: 3, workers: 1 });

const statesOf = (proof: readonly ProofRow[]): string[] =>
  proof.map(({ what, before, after }) => `${what}: ${before} to ${after}`);
const hasChanged = ({ before, after }: ProofRow): boolean => before !== after;

test('rotates the join tokens', async () => {
  const tokens = async () => (await (await lab.swarm.manager()).engine.swarm.inspect()).JoinTokens;
  const before = await tokens();
  const { proof } = await disasters.rotateJoinTokens(lab.swarm);
  const after = await tokens();
  expect(proof.map(({ what }) => what)).toEqual(['join token for a manager', 'join token for a worker']);
  expect(proof.every(hasChanged)).toBe(true);
  expect([before.Manager, before.Worker]).not.toContain(after.Manager);
  expect(JSON.stringify(proof)).not.toContain('SWMTKN');
});

test('rotates the unlock key of an autolocked swarm only', async () => {
  await expect(disasters.rotateUnlockKey(lab.swarm)).rejects.toThrow('the swarm is not autolocked');
  const manager = await lab.swarm.manager();
  await manager.exec(['docker', 'swarm', 'update', '--autolock']);
  const { proof } = await disasters.rotateUnlockKey(lab.swarm);
  expect(proof.every(hasChanged)).toBe(true);
  expect(JSON.stringify(proof)).not.toContain('SWMKEY');
  await manager.exec(['docker', 'swarm', 'update', '--autolock=false']);
});

test('rotates the certificate authority', async () => {
  const { proof } = await disasters.rotateAuthority(lab.swarm);
  expect(proof).toMatchObject([{ what: 'root certificate', before: expect.stringMatching(/^digest /) }]);
  expect(proof.every(hasChanged)).toBe(true);
  await lab.swarm.ready();
});

test('demotes a manager, and promotes it again', async () => {
  const demoted = await disasters.demoteManagers(lab.swarm, 'manager-3');
  expect(statesOf(demoted.proof)).toEqual(['role of manager-3: manager to worker']);
  await demoted.undo();
  await lab.swarm.ready();
});

test('drains a node with its tasks, and activates it again', async () => {
  const { swarm } = lab;
  await startTask(swarm, 'idle', 'worker-1', 'idle_data');
  const drained = await disasters.drainNodes(swarm, 'worker-1');
  expect(statesOf(drained.proof)).toEqual([
    'availability of worker-1: active, 1 tasks run to drain, 0 tasks run',
  ]);
  await drained.undo();
  await swarm.converged();
});

test('prunes the volumes that no container uses', async () => {
  const { swarm } = lab;
  const worker = swarm.node('worker-1');
  await disasters.removeServices(swarm, 'idle');
  await waitUntil('the volume to be free', async () => {
    const unused = await worker.engine.volumes.list({ dangling: ['true'] });
    return unused.length > 0 ? { done: true } : { notYet: 'a container uses it' };
  });
  const { proof } = await disasters.pruneVolumes(swarm, worker);
  expect(proof).toMatchObject([{ what: 'volume idle_data on worker-1', after: 'gone' }]);
  await expect(disasters.pruneVolumes(swarm, worker)).rejects.toThrow('has no volume without a container');
});

test('moves a node to another address, and back', async () => {
  const { swarm } = lab;
  const { address } = swarm.node('worker-1');
  const moved = await disasters.changeAddresses(swarm, 'worker-1');
  const now = moved.survivors.node('worker-1').address;
  expect(statesOf(moved.proof)).toEqual([`address of worker-1: ${address} to ${now}`]);
  expect(now).not.toBe(address);
  await moved.undo();
  expect(swarm.node('worker-1').address).toBe(address);
  await swarm.ready();
});

test('expires a certificate, which the next start of the engine meets, and puts the valid one back', async () => {
  const { swarm } = lab;
  const authority = await disasters.takeOverAuthority(swarm);
  const expired = await disasters.expireCertificates(swarm, 'worker-1', { authority });
  expect(expired.proof[0]?.before).toMatch(/^valid, until \d{4}-/);
  expect(expired.proof[0]?.after).toMatch(/^expired, until \d{4}-/);
  await restart(swarm);
  await waitUntil('the engine to meet it', async () => {
    const { LocalNodeState, Error: reason } = (await swarm.node('worker-1').engine.info()).Swarm;
    return reason.includes('certificate has expired')
      ? { done: true }
      : { notYet: `${LocalNodeState} ${reason}` };
  });
  await expired.undo();
  await restart(swarm);
  await swarm.ready();
});

test('proves nothing where a change has no effect', async () => {
  const { swarm } = lab;
  const manager = swarm.node('manager-1');
  const worker = swarm.node('worker-1');
  const inert = swarmWith(
    swarm,
    replacing(manager, {
      exec: async () => '',
      engine: replacing(manager.engine, { nodes: withoutEffect(manager.engine.nodes, 'update') }),
    }),
  );
  await worker.engine.volumes.create({ Name: 'unused' });
  const unmoved = replacing(worker, {
    stop: async () => ({
      name: 'worker-1',
      role: 'worker',
      moveTo: async () => {},
      start: async () => worker,
    }),
  });
  const failures = await Promise.all([
    disasters.rotateJoinTokens(inert),
    disasters.rotateAuthority(inert),
    disasters.demoteManagers(inert, 'manager-3'),
    disasters.drainNodes(inert, 'worker-1'),
    disasters.pruneVolumes(swarmWith(swarm, withoutEffect(worker, 'exec')), 'worker-1'),
    disasters.changeAddresses(swarmWith(swarm, unmoved), 'worker-1'),
  ]);
  for (const { proof } of failures) {
    expect(proof.length).toBeGreaterThan(0);
    expect(proof.filter(hasChanged)).toEqual([]);
  }
});

async function restart(swarm: Swarm): Promise<void> {
  const stopped = await swarm.node('worker-1').stop(seconds(2));
  swarm.replace(await stopped.start());
}

/** Starts a service with one task on that node, which mounts a volume. */
async function startTask(swarm: Swarm, service: string, node: string, volume: string): Promise<void> {
  await (
    await swarm.manager()
  ).exec([
    ...['docker', 'service', 'create', '--detach', '--no-resolve-image', '--name', service],
    ...['--constraint', `node.hostname==${node}`, '--mount', `type=volume,source=${volume},target=/data`],
    ...['--endpoint-mode', 'dnsrr', '--stop-grace-period', '1s', swarm.imageOf('toolbox'), 'sleep', '3600'],
  ]);
  await swarm.converged();
}
