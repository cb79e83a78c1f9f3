// Which nodes a service may start on, as the scheduler decides it.
import { expect, test } from 'vitest';
import type { Member } from '../../../../src/lab/engine/api.ts';
import { eligibleNodes } from '../../../../src/swarm/service/placement.ts';

const member = (name: string, own: Partial<Member['Spec']> & { readonly Addr?: string } = {}): Member => {
  const { Addr = '10.0.0.2', ...spec } = own;
  return {
    ID: `id-of-${name}`,
    Version: { Index: 1 },
    Spec: { Role: 'worker', Availability: 'active', ...spec },
    Description: {
      Hostname: name,
      Platform: { OS: 'linux', Architecture: 'x86_64' },
      Engine: { Labels: { disk: 'ssd' } },
    },
    Status: { State: 'ready', Addr },
  };
};

const members = [
  member('one', { Role: 'manager', Labels: { data: 'here', Zone: 'a' } }),
  member('two', { Labels: { data: 'there' }, Addr: '192.168.1.7' }),
  member('drained', { Availability: 'drain', Labels: { data: 'here' } }),
];

test.for<[constraint: string, names: string[]]>([
  ['node.labels.data == here', ['one']],
  ['node.labels.data==HERE', ['one']],
  ['node.labels.data != here', ['two']],
  ['node.labels.missing != here', ['one', 'two']],
  ['node.labels.zone == a', []],
  ['NODE.ROLE == manager', ['one']],
  ['node.hostname == Two', ['two']],
  ['node.id == id-of-two', ['two']],
  ['node.ip == 192.168.0.0/16', ['two']],
  ['node.ip != 192.168.1.7', ['one']],
  ['node.platform.os == linux', ['one', 'two']],
  ['engine.labels.disk == ssd', ['one', 'two']],
  ['node.unknown == 1', []],
  ['nonsense', []],
])('places "%s" on the right nodes', ([constraint, names]) => {
  const spec = { Name: 'web', TaskTemplate: { Placement: { Constraints: [constraint] } } };
  expect(eligibleNodes(spec, members).map(({ Description }) => Description.Hostname)).toEqual(names);
});

test('places a service without constraints on every active node', () => {
  expect(eligibleNodes({ Name: 'web', TaskTemplate: {} }, members)).toHaveLength(2);
});
