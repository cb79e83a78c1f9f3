import { expect, test } from 'vitest';
import type { Member, ServiceSpec } from '../../../../src/lab/engine/api.ts';
import { findUnknownNodes, requiredNodeIds } from '../../../../src/method/stack/node-constraints.ts';

const member = (ID: string, Hostname: string, State = 'ready'): Member => ({
  ID,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: 'active' },
  Description: { Hostname },
  Status: { State },
});
const MEMBERS = [member('id-1', 'worker-1'), member('id-2', 'worker-2', 'down')];
const web = (...Constraints: readonly string[]): ServiceSpec => ({
  Name: 'web',
  TaskTemplate: { Placement: { Constraints } },
});
const unknown = (...constraints: readonly string[]): string[] => {
  const services = [web(...constraints)];
  return findUnknownNodes(services, requiredNodeIds(services), MEMBERS);
};

test('accepts nodes that are ready, in any case, and nodes that are excluded', () => {
  expect(unknown('node.hostname==Worker-1', 'node.id == ID-1', 'node.id!=gone', 'node.role==worker')).toEqual(
    [],
  );
});

test('names nodes that are lost or do not exist', () => {
  expect(unknown('node.hostname==worker-2', 'node.id==id-2', 'node.id==gone')).toEqual([
    'service web requires the host name worker-2, which no ready node has',
    'service web requires the node id id-2, which no ready node has',
    'service web requires the node id gone, which no ready node has',
  ]);
});
