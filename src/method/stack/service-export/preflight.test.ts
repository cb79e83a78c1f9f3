import { expect, test } from 'vitest';
import type { SwarmDefinition } from './swarm-definition.ts';
import { runPreflight } from './preflight.ts';

const nothing: SwarmDefinition = {
  services: new Map(),
  networks: new Map(),
  predefined: new Set(),
  configs: new Map(),
  secrets: new Map(),
  nodes: new Map(),
};
const network = (Subnet: string, more: object = {}): Record<string, unknown> => ({
  Driver: 'overlay',
  IPAM: { Config: [{ Subnet }] },
  ...more,
});
const refused = (wanted: Partial<SwarmDefinition>, here: Partial<SwarmDefinition> = {}): string[] =>
  runPreflight({ ...nothing, ...wanted }, { ...nothing, ...here }, new Map());

test('nothing is asked of an empty blueprint', () => {
  expect(refused({})).toEqual([]);
});

test('an ingress that differs, or that is missing, is never made anew', () => {
  const mine = { networks: new Map([['ingress', network('10.9.0.0/24', { Ingress: true })]]) };
  expect(refused(mine)).toEqual([expect.stringContaining('docker network create --ingress')]);
  expect(
    refused(mine, { networks: new Map([['ingress', network('10.0.0.0/24', { Ingress: true })]]) }),
  ).toEqual([expect.stringMatching(/there is another network ingress already: IPAM\.Config/)]);
  expect(refused(mine, mine)).toEqual([]);
});

test('a subnet inside of another, around it and beside it; IPv4 and IPv6', () => {
  const taken = (one: string, other: string): number =>
    refused({ networks: new Map([['a', network(one)]]) }, { networks: new Map([['b', network(other)]]) })
      .length;
  expect(taken('10.1.0.0/16', '10.1.7.0/24')).toBe(1);
  expect(taken('10.1.7.0/24', '10.1.0.0/16')).toBe(1);
  expect(taken('10.1.7.0/24', '10.1.8.0/24')).toBe(0);
  expect(taken('fd00:1::/64', 'fd00:1::/80')).toBe(1);
  expect(taken('fd00:1::/64', '10.1.8.0/24')).toBe(0);
});

test('a secret that a driver brings needs no value; any other does', () => {
  const secrets = new Map([
    ['driven', { Name: 'driven', Driver: { Name: 'keeper' } }],
    ['kept', { Name: 'kept' }],
  ]);
  expect(refused({ secrets })).toEqual(['the secret kept has no value in the sealed file']);
});

test('labels need their host, if it lived when they were exported', () => {
  const host = (ready: boolean) => ({ labels: { zone: 'a' }, availability: 'active', ready });
  expect(refused({ nodes: new Map([['gone', host(false)]]) })).toEqual([]);
  expect(refused({ nodes: new Map([['w', host(true)]]) }, { nodes: new Map([['w', host(false)]]) })).toEqual([
    'no ready node is called w, whose labels the export has',
  ]);
});
