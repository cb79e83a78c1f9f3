import { expect, test } from 'vitest';
import type { NetworkSpec } from '../../../../../src/lab/engine/api.ts';
import type { SwarmDefinition } from '../../../../../src/method/stack/service-export/swarm-definition.ts';
import { runPreflight } from '../../../../../src/method/stack/service-export/preflight.ts';

const empty: SwarmDefinition = {
  services: new Map(),
  networks: new Map(),
  predefined: new Set(),
  configs: new Map(),
  secrets: new Map(),
  nodes: new Map(),
};
const network = (Subnet: string, more: object = {}): NetworkSpec => ({
  Name: 'network',
  Driver: 'overlay',
  IPAM: { Config: [{ Subnet }] },
  ...more,
});
const reasonsFor = (desired: Partial<SwarmDefinition>, current: Partial<SwarmDefinition> = {}): string[] =>
  runPreflight({ ...empty, ...desired }, { ...empty, ...current }, new Map());

test('accepts an empty definition', () => {
  expect(reasonsFor({})).toEqual([]);
});

test('refuses a different or missing ingress network', () => {
  const mine = { networks: new Map([['ingress', network('10.9.0.0/24', { Ingress: true })]]) };
  expect(reasonsFor(mine)).toEqual([expect.stringContaining('docker network create --ingress')]);
  expect(
    reasonsFor(mine, { networks: new Map([['ingress', network('10.0.0.0/24', { Ingress: true })]]) }),
  ).toEqual([expect.stringMatching(/network ingress exists with another definition: IPAM\.Config/)]);
  expect(reasonsFor(mine, mine)).toEqual([]);
});

test('compares subnets that contain each other or are disjoint, for IPv4 and IPv6', () => {
  const taken = (one: string, other: string): number =>
    reasonsFor({ networks: new Map([['a', network(one)]]) }, { networks: new Map([['b', network(other)]]) })
      .length;
  expect(taken('10.1.0.0/16', '10.1.7.0/24')).toBe(1);
  expect(taken('10.1.7.0/24', '10.1.0.0/16')).toBe(1);
  expect(taken('10.1.7.0/24', '10.1.8.0/24')).toBe(0);
  expect(taken('fd00:1::/64', 'fd00:1::/80')).toBe(1);
  expect(taken('fd00:1::/64', '10.1.8.0/24')).toBe(0);
});

test('needs a value for every secret without a driver', () => {
  const secrets = new Map([
    ['driven', { Name: 'driven', Driver: { Name: 'keeper' } }],
    ['kept', { Name: 'kept' }],
  ]);
  expect(reasonsFor({ secrets })).toEqual(['no value for secret kept in the sealed file']);
});

test('refuses labels without a host, unless the host was down at the export', () => {
  const host = (ready: boolean) => ({ labels: { zone: 'a' }, availability: 'active', ready });
  expect(reasonsFor({ nodes: new Map([['gone', host(false)]]) })).toEqual([]);
  expect(
    reasonsFor({ nodes: new Map([['w', host(true)]]) }, { nodes: new Map([['w', host(false)]]) }),
  ).toEqual(['no ready node is named w, which has labels in the export']);
});
