// Taking a volume from services that started too early.
import { expect, test } from 'vitest';
import { seconds } from '../../../../src/support/clock.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { evictAndEmptyVolume } from '../../../../src/method/container/evict.ts';

test('names a container that is not a task of the swarm, and lets it run', async () => {
  const { volume, engine } = createInMemorySwarm();
  const HostConfig = { Binds: ['others:/srv'] };
  const id = await engine.containers.create({ name: 'foreign', Image: 'toolbox', HostConfig });
  await engine.containers.start(id);
  await expect(evictAndEmptyVolume(volume('others'), seconds(0.05))).rejects.toThrow(
    /the volume others to be free: foreign still uses it/,
  );
  expect((await engine.containers.inspect(id)).State.Running).toBe(true);
});

test('does not create a missing volume', async () => {
  const { volume, engine } = createInMemorySwarm();
  await evictAndEmptyVolume(volume('missing'));
  expect(await engine.volumes.list()).toEqual([]);
});
