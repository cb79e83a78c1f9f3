import { describe, expect, test } from 'vitest';
import type { NetworkSpec, ServiceSpec, TaskSpec } from '../../../../../src/lab/engine/api.ts';
import { findChanges } from '../../../../../src/method/stack/git-stack/changes.ts';
import type { DeployedStack, DesiredStack } from '../../../../../src/method/stack/git-stack/deployed.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const web = (Image: string, more: Partial<TaskSpec> = {}): ServiceSpec => ({
  Name: 'web',
  TaskTemplate: { ContainerSpec: { Image }, ...more },
});
const running = (spec: ServiceSpec, networks: readonly NetworkSpec[] = []): DeployedStack => ({
  objects: {
    services: [],
    networks: networks as DeployedStack['objects']['networks'],
    configs: [],
    secrets: [],
    nodes: [],
  },
  services: new Map([[spec.Name, spec]]),
  nameOf: () => undefined,
});
const desiredOf = (spec: ServiceSpec, more: Partial<DesiredStack> = {}): DesiredStack => ({
  services: new Map([[spec.Name, spec]]),
  networks: [],
  configs: [],
  secrets: [],
  ...more,
});
const changes = (deployed: DeployedStack, desired: DesiredStack): string[] =>
  findChanges(deployed, desired, 'the compose files');

describe("what the client added from the registry's answer", () => {
  const Platforms = [{ Architecture: 'amd64', OS: 'linux' }];
  const deployed = running(web(`shop:1@${DIGEST}`, { Placement: { Platforms } }));

  test('is not a change: digest, platforms, or both', () => {
    expect(changes(deployed, desiredOf(web('shop:1')))).toEqual([]);
    expect(changes(running(web(`shop:1@${DIGEST}`)), desiredOf(web('shop:1')))).toEqual([]);
    expect(changes(deployed, desiredOf(web(`shop:1@${DIGEST}`)))).toEqual([]);
  });

  test('does not hide another tag, another pinned digest or another constraint', () => {
    expect(changes(deployed, desiredOf(web('shop:2')))).toHaveLength(1);
    expect(changes(deployed, desiredOf(web(`shop:1@sha256:${'b'.repeat(64)}`)))).toHaveLength(1);
    const Constraints = ['node.role==worker'];
    const constrained = running(web(`shop:1@${DIGEST}`, { Placement: { Platforms, Constraints } }));
    expect(changes(constrained, desiredOf(web('shop:1')))).toEqual([
      expect.stringMatching(/^web\.TaskTemplate\.Placement/),
    ]);
  });
});

test('compares ids of tunnels only where the compose files have some', () => {
  const front = (ids?: string): NetworkSpec => ({
    Name: 'front',
    Driver: 'overlay',
    Options: { encrypted: '', ...(ids ? { 'com.docker.network.driver.overlay.vxlanid_list': ids } : {}) },
  });
  const differences = (current: NetworkSpec, desired: NetworkSpec) =>
    changes(running(web('shop:1'), [current]), desiredOf(web('shop:1'), { networks: [desired] }));
  expect(differences(front('4097'), front())).toEqual([]);
  expect(differences(front('5000'), front('5000'))).toEqual([]);
  expect(differences(front('300,4097'), front('300'))).toEqual([]);
  expect(differences(front('4097'), front('5000'))).toEqual([
    expect.stringMatching(/^network front\.Options\..*vxlanid_list: was "5000", is "4097"$/),
  ]);
});

test('names what is only in the compose files, and what is only in the swarm', () => {
  const desired = desiredOf(web('shop:1'), {
    networks: [{ Name: 'front' }],
    configs: [{ Name: 'settings' }],
    secrets: [{ Name: 'token' }],
  });
  expect(changes(running({ ...web('old'), Name: 'old' }), desired)).toEqual([
    'service web does not run',
    'service old is not in the compose files',
    'no network front',
    'no config settings',
    'no secret token',
  ]);
});
