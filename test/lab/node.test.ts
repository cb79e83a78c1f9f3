// Nodes as containers of the lab: however one is made, it is the same; and it cleans up behind its own containers.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { clientAt } from '../../src/lab/engine/client.ts';
import { outputOf } from '../../src/lab/engine/process.ts';
import { NODE_START } from '../../src/lab/prepare.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { Node } from '../../src/swarm/node/node.ts';
import { Site } from '../../src/swarm/site.ts';
import { failureOf } from '../support/method-lab.ts';

const lab = inject('lab');
const docker = clientAt(lab.host);
const scope = new Scope();
let site: Site;
let node: Node;

beforeAll(async () => {
  site = await Site.open({ lab, run: `node-test-${process.pid}`, drill: 'node', scope });
  node = await site.startNode({ name: 'worker-1', role: 'worker' });
});
afterAll(() => scope[Symbol.asyncDispose]());

test('creates an empty node like one that starts at once', async () => {
  const { volume } = node;
  await node.destroy();
  await site.createEmptyNode({ name: 'worker-1', role: 'worker' });
  const created = (await site.nodeContainers()).find((id) => id !== node.id);
  const { HostConfig, Config, NetworkSettings } = await docker.getContainer(created ?? '').inspect();
  node = await site.startNode({ name: 'worker-2', role: 'worker' });
  const started = await docker.getContainer(node.id).inspect();
  const apartFromItsDisk = (settings: object): unknown =>
    JSON.parse(JSON.stringify(settings).replaceAll(/swarm-drill-node-test-[\w-]+-worker-\d-\d/g, 'its disk'));
  expect(volume).toMatch(/worker-1-1$/);
  expect(apartFromItsDisk(HostConfig)).toEqual(apartFromItsDisk(started.HostConfig));
  expect(Config.Entrypoint).toEqual(started.Config.Entrypoint);
  expect(Config.Hostname).toBe('worker-1');
  expect(Object.values(NetworkSettings.Networks)[0]?.IPAMConfig).toEqual({
    IPv4Address: site.addressOf({ name: 'worker-1', role: 'worker' }),
  });
});

test('says why the engine of a node refuses to start', async () => {
  const script = (await readFile(NODE_START, 'utf8')).replace('"$@"', '--no-such-flag');
  const identity = { name: 'worker-3', role: 'worker' } as const;
  const volume = `${site.network}-refused`;
  const labels = site.labelsOf('refused');
  scope.defer('remove what refused', async () => {
    await docker.getContainer(volume).remove({ force: true });
    await docker.getVolume(volume).remove();
  });
  const spec = {
    ...identity,
    address: site.addressOf(identity),
    network: site.network,
    volume,
    labels,
    script,
  };
  expect(await failureOf(Node.start(lab, spec))).toMatchObject({
    message: expect.stringContaining('unknown flag: --no-such-flag') as string,
    output: expect.stringContaining('unknown flag: --no-such-flag') as string,
  });
});

test('refuses to write to layers that are shared with other nodes', async () => {
  await expect(node.exec(['touch', '/template/x'])).rejects.toMatchObject({
    output: expect.stringContaining('Read-only file system') as string,
  });
});

test('leaves no zombie of containers that ended', async () => {
  for (let turn = 0; turn < 3; turn++) {
    const { exitCode } = await outputOf(await node.startTool({ argv: ['true'], volumes: {} }));
    expect(exitCode).toBe(0);
  }
  await waitUntil(
    'the last shims to be gone',
    async () => {
      const stats = await node.exec(['sh', '-c', 'cat /proc/[0-9]*/stat 2>/dev/null || true']);
      expect(stats).toContain('(dockerd)');
      const zombies = [...stats.matchAll(/^\d+ \((.*)\) Z/gm)].map(([, name]) => name);
      return zombies.length === 0 ? { done: true } : { notYet: `zombies: ${zombies.join(', ')}` };
    },
    { limit: seconds(10) },
  );
});
