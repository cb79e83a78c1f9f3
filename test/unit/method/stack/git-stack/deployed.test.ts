import { expect, test } from 'vitest';
import type { ServiceSpec } from '../../../../../src/lab/engine/api.ts';
import {
  findChanges,
  listUnpinnedImages,
  type DeployedStack,
} from '../../../../../src/method/stack/git-stack/deployed.ts';
import type { DryRun } from '../../../../../src/method/stack/git-stack/dry-run.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const web = (Image: string): ServiceSpec => ({ Name: 'web', TaskTemplate: { ContainerSpec: { Image } } });
const running = (Image: string): DeployedStack => ({
  objects: { services: [], networks: [], configs: [], secrets: [], nodes: [] },
  services: new Map([['web', web(Image)]]),
  nameOf: () => undefined,
});
const dryRunOf = (Image: string): DryRun => ({
  services: [web(Image)],
  networks: [],
  configs: [],
  secrets: [],
});

test('ignores a digest that the deployment added to the tag, and finds another tag or digest', () => {
  expect(findChanges(running(`shop:1@${DIGEST}`), dryRunOf('shop:1'))).toEqual([]);
  expect(findChanges(running(`shop:2@${DIGEST}`), dryRunOf('shop:1'))).toHaveLength(1);
  expect(findChanges(running(`shop:1@${DIGEST}`), dryRunOf(`shop:1@sha256:${'b'.repeat(64)}`))).toHaveLength(
    1,
  );
});

test('lists images that the compose files do not pin, with the digest that runs', () => {
  const desired = (Image: string) => new Map([['web', web(Image)]]);
  expect(listUnpinnedImages(desired(`shop:1@${DIGEST}`), running(`shop:1@${DIGEST}`))).toEqual([]);
  expect(listUnpinnedImages(desired('shop:latest'), running(`shop:latest@${DIGEST}`))).toEqual([
    { service: 'web', image: 'shop:latest', digest: DIGEST },
  ]);
  expect(listUnpinnedImages(desired('shop'), running('shop'))).toEqual([{ service: 'web', image: 'shop' }]);
});

test('names what is only in the compose files, and what is only in the swarm', () => {
  const dryRun: DryRun = {
    ...dryRunOf('shop:1'),
    networks: [{ Name: 'front' }],
    configs: [{ Name: 'settings' }],
    secrets: [{ Name: 'token' }],
  };
  const other = { ...running('shop:1'), services: new Map([['old', web('old')]]) };
  expect(findChanges(other, dryRun)).toEqual([
    'service web does not run',
    'service old is not in the compose files',
    'no network front',
    'no config settings',
    'no secret token',
  ]);
});
