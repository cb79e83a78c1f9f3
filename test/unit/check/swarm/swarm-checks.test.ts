import { expect, test } from 'vitest';
import { identityMatches, readIdentity } from '../../../../src/check/swarm/identity.ts';
import { managersAtTheirAddresses } from '../../../../src/check/swarm/manager-addresses.ts';
import type { Swarm } from '../../../../src/swarm/swarm.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';

/** A swarm of one manager at 10.1.0.3 and one worker. @param inRaft address of the manager in raft @param known to the worker */
const swarmWith = (inRaft: string, known: string): Swarm => {
  const manager = { name: 'manager-1', address: '10.1.0.3', engine: engineThatKnows('10.1.0.3') };
  const worker = { name: 'worker-1', address: '10.1.0.4', engine: engineThatKnows(known) };
  const members = [
    { Description: { Hostname: 'manager-1' }, ManagerStatus: { Addr: `${inRaft}:2377` } },
    { Description: { Hostname: 'worker-1' } },
  ];
  return {
    managers: [manager],
    nodes: [manager, worker],
    members: () => Promise.resolve(members),
  } as unknown as Swarm;
};

const engineThatKnows = (address: string) => ({
  info: () => Promise.resolve({ Swarm: { RemoteManagers: [{ Addr: `${address}:2377` }] } }),
});

test('accepts managers that raft and every node know at their addresses', async () => {
  const observed = await managersAtTheirAddresses(swarmWith('10.1.0.3', '10.1.0.3')).observe();
  expect(observed).toEqual({ compared: 3, differences: [] });
});

test('finds an old address in raft, and one that a worker still uses', async () => {
  const observed = await managersAtTheirAddresses(swarmWith('10.1.0.9', '10.1.0.9')).observe();
  expect(observed).toMatchObject({
    differences: [
      'raft: expected manager-1 at 10.1.0.3, got 10.1.0.9',
      'worker-1: looks for a manager at 10.1.0.9, where none is',
    ],
  });
});

test('finds a swarm with another id and another node', async () => {
  const before = await readIdentity(createInMemorySwarm({}, { workers: 1 }).swarm);
  const { swarm } = createInMemorySwarm({}, { workers: 1 });
  const same = await readIdentity(swarm);
  expect(await identityMatches(swarm, same).observe()).toMatchObject({ differences: [] });
  const observed = await identityMatches(swarm, {
    ...before,
    cluster: 'another',
    'node worker-1': 'another',
  }).observe();
  expect(observed).toMatchObject({
    compared: 4,
    differences: expect.arrayContaining([
      expect.stringContaining('identity: cluster'),
      expect.stringContaining('identity: node worker-1'),
    ]),
  });
});
