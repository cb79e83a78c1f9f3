// Disasters of nodes, their network and their files: each is seen, undone, and refused where it has no effect. One swarm for all tests.
import { expect, test } from 'vitest';
import { disasters } from '../../src/index.ts';
import type { ProofRow } from '../../src/model/disaster.ts';
import { seconds } from '../../src/support/clock.ts';
import { DrillError } from '../../src/support/errors.ts';
import { replacing, swarmWith, useSwarm, withoutEffect } from '../support/swarm-lab.ts';

const lab = useSwarm('disasters-nodes', {
  managers: 1,
  workers: 2,
  limitedDisks: {
    'worker-1': { part: 'swarm', bytes: 50e6 },
    'worker-2': { part: 'all', bytes: 200e6 },
  },
});

/** What changed, e.g. `running to exited`. */
const changesOf = (proof: readonly ProofRow[]): string[] =>
  proof.map(({ what, before, after }) => `${what}: ${withoutDetail(before)} to ${withoutDetail(after)}`);
const withoutDetail = (text: string): string => text.split(',')[0] ?? '';

/** The rows of a disaster that did nothing: the runner refuses a drill with one. */
const unchanged = (proof: readonly ProofRow[]): boolean =>
  proof.length > 0 && proof.every(({ before, after }) => before === after);

test('stops nodes, and starts them', async () => {
  const { swarm } = lab;
  const outage = await disasters.stopNodes(swarm, 'worker-1', { grace: seconds(2) });
  expect(changesOf(outage.proof)).toEqual(['container of worker-1: running to exited']);
  expect(outage.survivors.nodes.map(({ name }) => name)).toEqual(['manager-1', 'worker-2']);
  await outage.undo();
  await outage.survivors.ready();
  expect(outage.survivors.node('worker-1')).toBe(swarm.node('worker-1'));
});

test('kills nodes, and starts them', async () => {
  const { swarm } = lab;
  const outage = await disasters.killNodes(swarm, ['worker-1', 'worker-2']);
  expect(changesOf(outage.proof)).toEqual([
    'container of worker-1: running to exited',
    'container of worker-2: running to exited',
  ]);
  await outage.undo();
  await swarm.ready();
});

test('freezes nodes with their tasks, and lets them continue', async () => {
  const { swarm } = lab;
  const outage = await disasters.freezeNodes(swarm, swarm.node('worker-1'));
  expect(changesOf(outage.proof)).toEqual(['processes of worker-1: running to frozen']);
  await outage.undo();
  await swarm.node('worker-1').engine.ping();
});

test('cuts the network both ways, and reconnects it', async () => {
  const { swarm } = lab;
  const cut = await disasters.cutNetwork(swarm, 'worker-1', { from: 'manager-1' });
  expect(changesOf(cut.proof)).toEqual([
    'network from worker-1 to manager-1: datagrams arrive to no datagram arrives',
    'network from manager-1 to worker-1: datagrams arrive to no datagram arrives',
  ]);
  await cut.undo();
});

test.for([
  ['outgoing', 'worker-1', 'manager-1', 'incoming'],
  ['incoming', 'manager-1', 'worker-1', 'outgoing'],
] as const)('cuts the network one way only: %s', async ([direction, sender, receiver, other]) => {
  const { swarm } = lab;
  const cut = await disasters.cutNetwork(swarm, 'worker-1', { from: 'manager-1', direction });
  expect(changesOf(cut.proof)).toEqual([
    `network from ${sender} to ${receiver}: datagrams arrive to no datagram arrives`,
  ]);
  // The other way is open: a second cut changes it.
  const second = await disasters.cutNetwork(swarm, 'worker-1', { from: 'manager-1', direction: other });
  expect(unchanged(second.proof)).toBe(false);
  await disasters.combine(cut, second).undo();
});

test('cuts a node off from all others unless they are named', async () => {
  const { swarm } = lab;
  const cut = await disasters.cutNetwork(swarm, 'worker-2');
  expect(cut.proof.map(({ what }) => what).sort()).toEqual([
    'network from manager-1 to worker-2',
    'network from worker-1 to worker-2',
    'network from worker-2 to manager-1',
    'network from worker-2 to worker-1',
  ]);
  await cut.undo();
});

test('corrupts and truncates files, and restores them', async () => {
  const { swarm } = lab;
  const node = swarm.node('manager-1');
  const path = '/var/lib/docker/swarm/drill-test';
  await node.exec(['sh', '-c', `printf 0123456789abcdef >${path}`]);
  const corrupt = await disasters.corruptFiles(swarm, node, { files: path, at: -4, bytes: 2 });
  expect(unchanged(corrupt.proof)).toBe(false);
  expect((await node.exec(['sed', '-n', 'l', path])).trim()).toMatch(/^0123456789ab\\\d+\\\d+ef\$?$/);
  const truncate = await disasters.truncateFiles(swarm, 'manager-1', { files: `${path}*`, to: '50%' });
  expect((await node.exec(['cat', path])).trim()).toBe('01234567');
  await disasters.combine(corrupt, truncate).undo();
  expect((await node.exec(['cat', path])).trim()).toBe('0123456789abcdef');
  await expect(disasters.truncateFiles(swarm, node, { files: path, to: 16 })).rejects.toMatchObject({
    message: expect.stringContaining('expected more than 16 bytes, got 16') as string,
  });
  await expect(disasters.corruptFiles(swarm, node, { files: `${path}.none` })).rejects.toMatchObject({
    message: expect.stringContaining('no file matches') as string,
  });
});

test('loses packets each way, and stops losing them', async () => {
  const { swarm } = lab;
  const outage = await disasters.slowNetwork(swarm, 'worker-1', { loss: 0.5 });
  expect(changesOf(outage.proof)).toEqual(
    ['manager-1', 'worker-2'].flatMap((other) => [
      `packets from worker-1 to ${other}: packets arrive to packets are lost`,
      `packets from ${other} to worker-1: packets arrive to packets are lost`,
    ]),
  );
  await outage.undo();
});

test('throttles what a node sends', async () => {
  const { swarm } = lab;
  const outage = await disasters.slowNetwork(swarm, 'worker-1', { rate: 50_000 });
  expect(changesOf(outage.proof)).toEqual(['rate from worker-1 to manager-1: not throttled to throttled']);
  await outage.undo();
});

test('delays packets, or says what the kernel lacks for that', async () => {
  const { swarm } = lab;
  const outcome = await disasters
    .slowNetwork(swarm, 'worker-1', { delay: seconds(0.2) })
    .catch((error: unknown) => error as DrillError);
  if (outcome instanceof DrillError) {
    expect(outcome).toMatchObject({
      code: 'no-netem',
      blame: 'lab',
      hint: expect.stringContaining('sch_netem') as string,
    });
    return;
  }
  expect(changesOf(outcome.proof)).toEqual([
    'round trip from worker-1 to manager-1: under 100 ms to over 100 ms',
    'round trip from worker-1 to worker-2: under 100 ms to over 100 ms',
  ]);
  await outcome.undo();
});

test.for([
  ['worker-1', 'swarm', '/var/lib/docker/swarm'],
  ['worker-2', 'all', '/var/lib/docker'],
] as const)('fills the limited disk of %s (%s), and frees it', async ([name, part, directory]) => {
  const { swarm } = lab;
  const node = swarm.node(name);
  const write = () => node.exec(['sh', '-c', `cat /bin/sh >${directory}/drill-test`]);
  const outage = await disasters.fillDisk(swarm, name, { part });
  expect(changesOf(outage.proof)).toEqual([`${directory} of ${name}: has room to no space left on device`]);
  await expect(write()).rejects.toMatchObject({
    output: expect.stringMatching(/no space left/i) as string,
  });
  await outage.undo();
  await write();
});

test('keeps a limited disk over a restart', async () => {
  const { swarm } = lab;
  const outage = await disasters.killNodes(swarm, ['worker-1', 'worker-2']);
  await outage.undo();
  await swarm.ready();
  await swarm.node('worker-1').exec(['cat', '/var/lib/docker/swarm/drill-test']);
  await swarm.node('worker-2').exec(['cat', '/var/lib/docker/drill-test']);
});

test('proves nothing where a failure has no effect', async () => {
  const { swarm } = lab;
  const real = swarm.node('worker-1');
  const stopped = { start: async () => real };
  const inert = (members: object) => swarmWith(swarm, replacing(real, { ...members }));
  const withoutRules = swarmWith(swarm, withoutEffect(real, 'execInHelper'));
  const failures = await Promise.all([
    disasters.stopNodes(inert({ stop: async () => stopped }), 'worker-1'),
    disasters.killNodes(inert({ kill: async () => stopped }), 'worker-1'),
    disasters.freezeNodes(inert({ freeze: async () => {} }), 'worker-1'),
    disasters.cutNetwork(withoutRules, 'worker-1', { from: 'manager-1' }),
    disasters.slowNetwork(withoutRules, 'worker-1', { loss: 0.5 }),
    disasters.slowNetwork(withoutRules, 'worker-1', { rate: 50_000 }),
  ]);
  expect(failures.map(({ proof }) => unchanged(proof))).toEqual(failures.map(() => true));
});

test('does not call an undo done that left the failure in place', async () => {
  const { swarm } = lab;
  const real = swarm.node('worker-1');
  const cut = await disasters.cutNetwork(
    swarmWith(swarm, replacing(real, { containerState: async () => 'exited' })),
    'worker-1',
    { from: 'manager-1' },
  );
  await expect(cut.undo()).rejects.toMatchObject({ code: 'not-undone' });
  const again = await disasters.stopNodes(swarm, 'worker-1', { grace: seconds(1) });
  await again.undo();
  await swarm.ready();
});

test.for([
  ['no node', () => disasters.freezeNodes(lab.swarm, []), /expected at least one node/],
  ['an unknown node', () => disasters.stopNodes(lab.swarm, 'worker-9'), /there is no node "worker-9"/],
  [
    'the same node on both sides of a cut',
    () => disasters.cutNetwork(lab.swarm, 'worker-1', { from: ['worker-1', 'manager-1'] }),
    /expected two different sides/,
  ],
  [
    'to fill a disk that others use',
    () => disasters.fillDisk(lab.swarm, 'manager-1'),
    /\/var\/lib\/docker\/swarm of manager-1 is not a disk of limited size/,
  ],
  ['to slow nothing', () => disasters.slowNetwork(lab.swarm, 'worker-1', {}), /expected at least one effect/],
  [
    'a loss of everything',
    () => disasters.slowNetwork(lab.swarm, 'worker-1', { loss: 1 }),
    /expected a loss from 0.05 to below 1, got 1/,
  ],
  [
    'a file outside of the data root',
    () => disasters.corruptFiles(lab.swarm, 'worker-1', { files: '/var/lib/docker/../x' }),
    /expected a path below/,
  ],
] as const)('refuses %s', async ([, work, message]) => {
  await expect(work()).rejects.toThrow(message);
});
