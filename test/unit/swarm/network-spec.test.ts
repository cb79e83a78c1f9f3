// What of a network is compared between swarms, also on engines of different versions.
import { expect, test } from 'vitest';
import { toComparableNetwork } from '../../../src/swarm/network-spec.ts';

const overlay = { Name: 'ledger', Driver: 'overlay', Options: {} };

test('takes a network with IPv4 for the same where the engine does not say so', () => {
  expect(toComparableNetwork({ ...overlay, EnableIPv4: true })).toEqual(toComparableNetwork(overlay));
});

test('keeps that a network has no IPv4', () => {
  expect(toComparableNetwork({ ...overlay, EnableIPv4: false })).not.toEqual(toComparableNetwork(overlay));
});
