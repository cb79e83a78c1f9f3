// A restore into a volume: only into an empty one, and all or nothing.
import { expect, test } from 'vitest';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { find } from '../../../support/in-memory-engine.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { restoreIntoEmptyVolume } from '../../../../src/method/container/empty-volume.ts';

const metadata = { labels: { purpose: 'files' } };

test('creates the volume with its labels', async () => {
  const { volume, engine } = createInMemorySwarm();
  expect(await restoreIntoEmptyVolume(volume('new'), metadata, async () => 'restored')).toBe('restored');
  expect(await engine.volumes.inspect('new')).toMatchObject({ Labels: { purpose: 'files' } });
});

test('does not change a volume that is not empty', async () => {
  const { volume, engine, filesOf } = createInMemorySwarm();
  engine.fill('used', { precious: 'data' });
  const refused = restoreIntoEmptyVolume(volume('used'), metadata, () =>
    Promise.reject(new Error('not reached')),
  );
  expect(await failureOf(refused)).toMatchObject(finding('volume-not-empty'));
  expect(String(filesOf('used')?.get('precious'))).toBe('data');
});

test('empties the volume when the restore fails half-way', async () => {
  const { volume, engine, filesOf } = createInMemorySwarm();
  const broken = restoreIntoEmptyVolume(volume('half'), metadata, async () => {
    engine.fill('half', { first: 'file' });
    throw new Error('the vault is gone');
  });
  await expect(broken).rejects.toThrow('the vault is gone');
  expect(filesOf('half')?.size).toBe(0);
});

test('reports a volume that can not be emptied, after the first failure', async () => {
  const stuckFind: typeof find = (call) =>
    call.argv.includes('-delete')
      ? { exitCode: 1, stderr: "find: cannot delete '/volume/half': Device or resource busy" }
      : find(call);
  const { volume } = createInMemorySwarm({ find: stuckFind });
  const broken = restoreIntoEmptyVolume(volume('stuck'), metadata, () =>
    Promise.reject(new Error('the vault is gone')),
  );
  expect(await failureOf(broken)).toMatchObject({
    ...finding('volume-not-emptied'),
    message: expect.stringMatching(/^the vault is gone; and then .*stuck/),
    output: expect.stringContaining('half'),
    hint: expect.stringContaining('docker volume rm stuck'),
  });
});
