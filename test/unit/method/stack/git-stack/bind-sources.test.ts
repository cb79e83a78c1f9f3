import { describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../../../../src/lab/engine/api.ts';
import {
  findDeployedDirectory,
  layoutFor,
  relativeBindsOf,
  withDirectory,
} from '../../../../../src/method/stack/git-stack/bind-sources.ts';

const AT = { tree: '/tmp/unpacked/tree', prefix: 'stacks/shop/' };
const web = (...sources: readonly string[]): ReadonlyMap<string, ServiceSpec> => {
  const Mounts = sources.map((Source, index) => ({ Type: 'bind', Source, Target: `/mount-${index}` }));
  return new Map([['web', { Name: 'web', TaskTemplate: { ContainerSpec: { Mounts } } }]]);
};
const sourcesOf = (services: ReadonlyMap<string, ServiceSpec>) =>
  services.get('web')?.TaskTemplate.ContainerSpec?.Mounts?.map(({ Source }) => Source);
const unpacked = (path: string): string => `${AT.tree}/${path}`;

test('lists mounts of the work tree only', () => {
  const services = web(unpacked('stacks/shop/html'), '/etc/hosts', unpacked('common/ca'), `${AT.tree}-other`);
  expect(relativeBindsOf(services.values(), AT)).toEqual(['html', '../../common/ca']);
});

describe('the directory that a stack was deployed from', () => {
  const directory = (running: string, path: string) =>
    findDeployedDirectory(web(running), web(unpacked(path)), AT);

  test('is what the source of a mount begins with', () => {
    expect(directory('/srv/infra/stacks/shop/html', 'stacks/shop/html')).toBe('/srv/infra/stacks/shop');
    expect(directory('/opt/production/html', 'stacks/shop/html')).toBe('/opt/production');
    expect(directory('/opt/production', 'stacks/shop')).toBe('/opt/production');
  });

  test('is found by a mount next to it', () => {
    expect(directory('/srv/infra/common/ca', 'common/ca')).toBe('/srv/infra/stacks/shop');
  });

  test('is unknown when the running mount has another end, or is in the root directory', () => {
    expect(directory('/srv/other', 'stacks/shop/html')).toBeUndefined();
    expect(directory('/srv/xhtml', 'stacks/shop/html')).toBeUndefined();
    expect(directory('/html', 'stacks/shop/html')).toBeUndefined();
  });
});

test('moves mounts of the work tree to another directory, and no others', () => {
  const services = web(unpacked('stacks/shop/html'), unpacked('common/ca'), '/etc/hosts');
  expect(sourcesOf(withDirectory(services, AT, '/srv/infra/stacks/shop'))).toEqual([
    '/srv/infra/stacks/shop/html',
    '/srv/infra/common/ca',
    '/etc/hosts',
  ]);
});

test('lays out as much of the repository as the directory has of its path, and nothing in the root directory', () => {
  expect(layoutFor('/srv/infra/stacks/shop', 'stacks/shop/')).toEqual({ from: '.', to: '/srv/infra' });
  expect(layoutFor('/opt/shop', 'stacks/shop/')).toEqual({ from: 'stacks', to: '/opt' });
  expect(layoutFor('/opt/production', 'stacks/shop/')).toEqual({
    from: 'stacks/shop',
    to: '/opt/production',
  });
  expect(layoutFor('/opt/production', '')).toEqual({ from: '.', to: '/opt/production' });
  expect(layoutFor('/stacks/shop', 'stacks/shop/')).toEqual({ from: 'stacks', to: '/stacks' });
});
