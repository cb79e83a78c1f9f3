// The embedded lab as the host sees it: no zombie in it, and every cgroup of it under one name.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { expect, inject, test } from 'vitest';
import { imageReference } from '../../src/lab/image/images.ts';
import { outputOf } from '../../src/lab/engine/process.ts';
import { connect } from '../../src/lab/engine/connect.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { childrenOf, firstProcess, processesWith } from '../support/processes.ts';

const lab = inject('lab');

const home = dirname(dirname(new URL(lab.host).pathname));

test.runIf(lab.kind === 'embedded')('leaves no zombie of containers that ended', async () => {
  const engine = connect(lab.host);
  const first = await firstProcess(home);
  for (let turn = 0; turn < 5; turn++) {
    const container = await engine.containers.create({
      Image: imageReference(lab, 'node'),
      Entrypoint: ['true'],
      HostConfig: { NetworkMode: 'none', AutoRemove: true },
    });
    await outputOf(await engine.containers.startAttached(container));
  }
  expect((await childrenOf(first)).map(({ name }) => name)).toContain('dockerd');
  await waitUntil(
    'the last shims to be gone',
    async () => {
      const zombies = (await childrenOf(first)).filter(({ state }) => state === 'Z');
      return zombies.length === 0
        ? { done: true }
        : { notYet: `zombies: ${zombies.map(({ name }) => name).join(', ')}` };
    },
    { limit: seconds(10) },
  );
});

test.runIf(lab.kind === 'embedded')("puts containers into cgroups below the lab's", async () => {
  const marker = `swarm-drill-marker-${randomBytes(4).toString('hex')}`;
  const { containers } = connect(lab.host);
  const container = await containers.create({
    Image: imageReference(lab, 'node'),
    Entrypoint: ['sh', '-c', 'sleep 60; :', marker],
    HostConfig: { NetworkMode: 'none', AutoRemove: true },
  });
  await containers.start(container);
  try {
    const [pid] = await processesWith(marker);
    const cgroups = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).trim().split('\n');
    const ours = cgroups.map((line) => line.split(':')[2] ?? '').filter((path) => path !== '/');
    expect(ours.length).toBeGreaterThan(0);
    for (const path of ours) expect(path).toMatch(new RegExp(`^/swarm-drill-${basename(home)}/[0-9a-f]{64}`));
  } finally {
    await containers.remove(container);
  }
});
