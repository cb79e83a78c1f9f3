// Every way in which a swarm that should be locked is not, as the check names it.
import { expect, test } from 'vitest';
import { swarmLocked } from '../../../../src/check/swarm/locked.ts';
import type { Swarm } from '../../../../src/swarm/swarm.ts';

interface FakeOptions {
  readonly autolock?: boolean;
  readonly encrypted?: boolean;
  /** The manager's state now, and after a restart. */
  readonly now?: string;
  readonly restarted?: string;
  readonly opensWith?: string;
}

/** A swarm of one manager whose unlock key is `key`; by default it is locked as it should be. */
function fakeSwarm({
  autolock = true,
  encrypted = true,
  now = 'active',
  restarted = 'locked',
  opensWith = 'key',
}: FakeOptions = {}): { swarm: Swarm; calls: string[] } {
  const calls: string[] = [];
  let state = now;
  const node = {
    name: 'manager-1',
    exec: async () => `-----BEGIN ${encrypted ? 'ENCRYPTED ' : ''}PRIVATE KEY-----\nkek-version: 9\n`,
    async stop() {
      calls.push('stop');
      return {
        async start() {
          state = restarted;
          return node;
        },
      };
    },
    engine: {
      info: async () => ({ Swarm: { LocalNodeState: state } }),
      swarm: {
        inspect: async () => ({ Spec: { EncryptionConfig: { AutoLockManagers: autolock } } }),
        unlockKey: async () => 'key',
        async unlock(given: string) {
          if (given !== opensWith) throw new Error('invalid key');
          calls.push('unlock');
        },
      },
    },
  };
  const swarm = {
    managers: [node],
    manager: async () => node,
    leader: async () => node,
    replace: () => {},
    ready: async () => void calls.push('ready'),
  } as unknown as Swarm;
  return { swarm, calls };
}

test('passes where a restarted manager is locked and its key opens it', async () => {
  const { swarm, calls } = fakeSwarm();
  expect(await swarmLocked(swarm).observe()).toEqual({ compared: 4, differences: [] });
  expect(calls).toEqual(['stop', 'unlock', 'ready']);
});

test.for<[string, FakeOptions, string, readonly string[]]>([
  [
    'is not in its swarm',
    { now: 'inactive' },
    'manager-1: expected its swarm to be active, it is inactive',
    [],
  ],
  ['has autolock off', { autolock: false }, 'expected autolock on, got off', []],
  ['has a plain key', { encrypted: false }, 'manager-1: its key is not encrypted', []],
  [
    'is open after a restart',
    { restarted: 'active' },
    'manager-1: expected it to be locked after a restart, it is active',
    ['stop', 'ready'],
  ],
  [
    'needs another key',
    { opensWith: 'another' },
    'manager-1: the unlock key of the swarm does not open it: invalid key',
    ['stop'],
  ],
])('fails where a manager %s', async ([, options, difference, expectedCalls]) => {
  const { swarm, calls } = fakeSwarm(options);
  expect(await swarmLocked(swarm).observe()).toMatchObject({ differences: [difference] });
  expect(calls).toEqual(expectedCalls);
});
