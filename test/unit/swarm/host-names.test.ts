import { expect, test } from 'vitest';
import type { Member } from '../../../src/lab/engine/api.ts';
import { namesOfHosts } from '../../../src/swarm/host-names.ts';

const node = (ID: string, Hostname: string, State = 'ready'): Member => ({
  ID,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: 'active' },
  Description: { Hostname },
  Status: { State },
});
const idsByName = (...members: readonly Member[]) =>
  Object.fromEntries([...namesOfHosts(members)].map(([name, { ID }]) => [name, ID]));

test('keeps every ready node, also with a host name that another one has', () => {
  expect(idsByName(node('1', 'a'), node('2', 'b'), node('3', 'a'), node('4', 'a'))).toEqual({
    a: '1',
    'a (2)': '3',
    'a (3)': '4',
    b: '2',
  });
});

test('prefers a ready node to a lost one of the same name', () => {
  expect(idsByName(node('lost', 'a', 'down'), node('1', 'a'), node('2', 'b', 'down'))).toEqual({
    a: '1',
    b: '2',
  });
});
