// The structural diff: sets are compared as sets, all other lists in their order.
import { expect, test } from 'vitest';
import { listDifferences, toStableText } from '../../../src/swarm/differences.ts';

const ORDERED = {
  Command: ['sh', '-c'],
  Args: ['-c', 'jit=off'],
  Test: ['CMD', 'true'],
  Nameservers: ['10.0.0.1', '10.0.0.2'],
  Search: ['a.example.org', 'example.org'],
  Options: ['timeout:1', 'timeout:2'],
  Hosts: ['10.0.0.1 db', '10.0.0.2 db'],
  // The last one wins.
  Env: ['MODE=a', 'MODE=b'],
  'a field of tomorrow': ['first', 'second'],
  Preferences: [{ Spread: { SpreadDescriptor: 'zone' } }, { Spread: { SpreadDescriptor: 'rack' } }],
};
const UNORDERED = {
  Env: ['A=1', 'B=2'],
  Constraints: ['node.role==worker', 'node.labels.zone==a'],
  Aliases: ['www', 'web'],
  Groups: ['1', '2'],
  CapabilityAdd: ['NET_ADMIN', 'SYS_TIME'],
  CapabilityDrop: ['MKNOD', 'SETPCAP'],
  GenericResources: [{ NamedResourceSpec: { Kind: 'gpu', Value: '1' } }, { DiscreteResourceSpec: {} }],
  Platforms: [{ Architecture: 'amd64' }, { Architecture: 'arm64' }],
  Ports: [
    { TargetPort: 80, PublishedPort: 8080 },
    { TargetPort: 81, PublishedPort: 8081 },
  ],
  Mounts: [{ Target: '/a' }, { Target: '/b' }],
  Networks: [{ Target: 'front' }, { Target: 'back' }],
  Secrets: [{ SecretID: 'a' }, { SecretID: 'b' }],
  Configs: [{ ConfigID: 'a' }, { ConfigID: 'b' }],
  Ulimits: [{ Name: 'nofile' }, { Name: 'nproc' }],
};

test.for(Object.entries(ORDERED))('finds another order of %s', ([field, list]) => {
  const [before, after] = [{ Spec: { [field]: list } }, { Spec: { [field]: list.toReversed() } }];
  expect(listDifferences(before, after)).toEqual([expect.stringMatching(`^.Spec.${field}: was .*, is `)]);
  expect(toStableText(before)).not.toBe(toStableText(after));
});

test.for(Object.entries(UNORDERED))(
  'ignores another order of %s, and finds a missing element',
  ([field, list]) => {
    const before = { Spec: { [field]: list } };
    const after = { Spec: { [field]: list.toReversed() } };
    expect(listDifferences(before, after)).toEqual([]);
    expect(toStableText(before)).toBe(toStableText(after));
    expect(listDifferences(before, { Spec: { [field]: list.slice(1) } })).toHaveLength(1);
  },
);

test('shows the part of a long value that differs', () => {
  const list = (end: string): object => ({ Args: [...Array(40).fill('unchanged'), end, 'last'] });
  expect(listDifferences(list('before'), list('after'))).toEqual([
    expect.stringMatching(/^\.Args: was ….{20,40}"before", "last"\], is ….{20,40}"after", "last"\]$/),
  ]);
});

test('finds another order within an element of a list', () => {
  const [before, after] = [{ Options: [['size', '1m']] }, { Options: [['1m', 'size']] }];
  expect(listDifferences(before, after)).toHaveLength(1);
});

test('ignores the order of keys, and treats null like a missing field, but not like an empty one', () => {
  expect(listDifferences({ User: 'a', Dir: 'b' }, { Dir: 'b', User: 'a' })).toEqual([]);
  expect(listDifferences({ User: null }, {})).toEqual([]);
  expect(listDifferences({ Mode: { Global: {} } }, { Mode: {} })).toEqual([
    '.Mode.Global: was {}, is nothing',
  ]);
});
