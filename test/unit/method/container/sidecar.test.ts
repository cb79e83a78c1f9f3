// Sidecars: refused without their image, and removed in every case.
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { runSidecar } from '../../../../src/method/container/sidecar.ts';

const cat = { image: 'toolbox', user: '0:0', argv: ['cat'], volumes: { files: '/data' } };

test('refuses a node without the image', async () => {
  const { swarm } = createInMemorySwarm();
  const refused = runSidecar(swarm.node('manager-1'), { ...cat, image: 'postgres:17' });
  expect(await failureOf(refused)).toMatchObject({
    ...finding('no-image'),
    message: expect.stringContaining('postgres:17'),
  });
});

test('returns output and exit code, and leaves no container', async () => {
  const { swarm, engine } = createInMemorySwarm({
    cat: ({ input }) => ({ stdout: input, stderr: 'a warning', exitCode: 3 }),
  });
  expect(await runSidecar(swarm.node('manager-1'), { ...cat, input: 'text' })).toEqual({
    output: 'text',
    stderr: 'a warning',
    exitCode: 3,
  });
  expect(await engine.containers.list({ all: true })).toEqual([]);
});

test('leaves no container when its input breaks', async () => {
  const { swarm, engine } = createInMemorySwarm();
  const input = new Readable({ read: () => void input.destroy(new Error('the vault is gone')) });
  const broken = runSidecar(swarm.node('manager-1'), { ...cat, input });
  await expect(broken).rejects.toThrow('the vault is gone');
  expect(await engine.containers.list({ all: true })).toEqual([]);
});

test('leaves no container when its output is not taken', async () => {
  const { swarm, engine } = createInMemorySwarm({ cat: () => ({ stdout: 'bytes' }) });
  const refused = runSidecar(swarm.node('manager-1'), cat, () =>
    Promise.reject(new Error('the vault is full')),
  );
  await expect(refused).rejects.toThrow('the vault is full');
  expect(await engine.containers.list({ all: true })).toEqual([]);
});
