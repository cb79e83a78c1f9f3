// Volumes that a backup refuses.
import { expect, test } from 'vitest';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { requireFilledVolume } from '../../../../src/method/container/volume.ts';

test('refuses a missing volume, and does not create it', async () => {
  const { volume, engine } = createInMemorySwarm();
  expect(await failureOf(requireFilledVolume(volume('missing')))).toMatchObject({
    ...finding('no-volume'),
    hint: expect.stringContaining('prefix'),
  });
  expect(await engine.volumes.list()).toEqual([]);
});

test('refuses an empty volume', async () => {
  const { volume, engine } = createInMemorySwarm();
  engine.fill('empty', {});
  expect(await failureOf(requireFilledVolume(volume('empty')))).toMatchObject(finding('empty-volume'));
});

test('returns the labels of a filled volume, and leaves no container', async () => {
  const { volume, engine } = createInMemorySwarm();
  engine.fill('files', { 'a/b': 'x' }, { Labels: { purpose: 'files' } });
  expect(await requireFilledVolume(volume('files'))).toMatchObject({ Labels: { purpose: 'files' } });
  expect(await engine.containers.list({ all: true })).toEqual([]);
});
