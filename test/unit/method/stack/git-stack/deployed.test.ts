import { expect, test } from 'vitest';
import type { ServiceSpec } from '../../../../../src/lab/engine/api.ts';
import {
  listUnpinnedImages,
  type DeployedStack,
} from '../../../../../src/method/stack/git-stack/deployed.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const web = (Image: string): ServiceSpec => ({ Name: 'web', TaskTemplate: { ContainerSpec: { Image } } });
const running = (Image: string): DeployedStack => ({
  objects: { services: [], networks: [], configs: [], secrets: [], nodes: [] },
  services: new Map([['web', web(Image)]]),
  nameOf: () => undefined,
});

test('lists images that the compose files do not pin, with the digest that runs', () => {
  const desired = (Image: string) => new Map([['web', web(Image)]]);
  expect(listUnpinnedImages(desired(`shop:1@${DIGEST}`), running(`shop:1@${DIGEST}`))).toEqual([]);
  expect(listUnpinnedImages(desired('shop:latest'), running(`shop:latest@${DIGEST}`))).toEqual([
    { service: 'web', image: 'shop:latest', digest: DIGEST },
  ]);
  expect(listUnpinnedImages(desired('shop'), running('shop'))).toEqual([{ service: 'web', image: 'shop' }]);
});
