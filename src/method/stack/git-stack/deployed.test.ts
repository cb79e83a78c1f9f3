import { expect, test } from 'vitest';
import type { ServiceSpec } from '../../../swarm/portable.ts';
import { findChanges, listUnpinnedImages, type DeployedStack } from './deployed.ts';
import type { DryRun } from './dry-run.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const web = (Image: string): ServiceSpec => ({ Name: 'web', TaskTemplate: { ContainerSpec: { Image } } });
const running = (Image: string): DeployedStack => ({
  definition: { services: [], networks: [], configs: [], secrets: [], nodes: [] },
  services: new Map([['web', web(Image)]]),
  nameOf: () => undefined,
});
const rehearsed = (Image: string): DryRun => ({
  services: [web(Image)],
  networks: [],
  configs: [],
  secrets: [],
});

test('a digest that the deployment added to the tag is no drift; another tag, and another digest than the pinned one, are', () => {
  expect(findChanges(running(`shop:1@${DIGEST}`), rehearsed('shop:1'))).toEqual([]);
  expect(findChanges(running(`shop:2@${DIGEST}`), rehearsed('shop:1'))).toHaveLength(1);
  expect(findChanges(running(`shop:1@${DIGEST}`), rehearsed(`shop:1@sha256:${'b'.repeat(64)}`))).toHaveLength(
    1,
  );
});

test('an image is pinned by the compose file alone; what runs is told with its digest', () => {
  const asked = (Image: string) => new Map([['web', web(Image)]]);
  expect(listUnpinnedImages(asked(`shop:1@${DIGEST}`), running(`shop:1@${DIGEST}`))).toEqual([]);
  expect(listUnpinnedImages(asked('shop:latest'), running(`shop:latest@${DIGEST}`))).toEqual([
    `web: shop:latest (${DIGEST})`,
  ]);
  expect(listUnpinnedImages(asked('shop'), running('shop'))).toEqual(['web: shop']);
});

test('what only the compose files have, or only the swarm, is named', () => {
  const asked: DryRun = {
    ...rehearsed('shop:1'),
    networks: [{ Name: 'front' }],
    configs: [{ Name: 'settings' }],
    secrets: [{ Name: 'token' }],
  };
  const nothing = { ...running('shop:1'), services: new Map([['old', web('old')]]) };
  expect(findChanges(nothing, asked)).toEqual([
    'the service web does not run',
    'the service old is in no compose file',
    'there is no network front',
    'there is no config settings',
    'there is no secret token',
  ]);
});
