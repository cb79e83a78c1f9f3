// A restored swarm counts as locked again only when its key file is sealed with the new key and its engine has asked for that key.
import { expect, test } from 'vitest';
import type { Engine } from '../../../../src/lab/engine/engine.ts';
import { proveLocked, sealAgain, unsealedReason } from '../../../../src/swarm-backup/autolock/seal-again.ts';
import type { DataRoot, Manager } from '../../../../src/swarm-backup/engine/manager.ts';
import { naclRecord, newUnlockKey, record, sealedKey } from '../../../support/sealed-key.ts';

interface FakeOptions {
  /** The node's state after each start of its engine; `locked` until it is unlocked. */
  readonly startsAs?: 'locked' | 'active';
  /** The key that opens it. */
  readonly opensWith?: string;
}

/** A manager whose swarm has the unlock key `before`, and gets `after` when it is replaced. */
function fakeManager(
  before: string,
  after: string,
  { startsAs = 'locked', opensWith = after }: FakeOptions = {},
) {
  const calls: unknown[] = [];
  let key = before;
  let state: string = 'active';
  let text = sealedKey(before === '' ? newUnlockKey() : before).text;
  const swarm = {
    inspect: async () => ({
      Version: { Index: 7 },
      Spec: { Name: 'default', Raft: { SnapshotInterval: 5 } },
    }),
    update: async (...args: unknown[]) => {
      calls.push(args);
      key = after;
      text = sealedKey(after).text;
    },
    unlockKey: async () => key,
    unlock: async (given: string) => {
      if (given !== opensWith) throw new Error('invalid key');
      state = 'active';
    },
  };
  const engine = {
    swarm,
    ping: async () => {},
    info: async () => ({
      ServerVersion: '26.1.5',
      Swarm: {
        NodeID: 'n1',
        LocalNodeState: state,
        Error: '',
        ControlAvailable: state === 'active',
        Cluster: { ID: 'c1', TLSInfo: { TrustRoot: '' } },
      },
    }),
    nodes: {
      list: async () => [
        { ID: 'n1', Status: { State: 'ready' }, ManagerStatus: { Leader: true, Reachability: 'reachable' } },
      ],
    },
    withLimit: () => engine,
  } as unknown as Engine;
  const manager = {
    name: 'manager-1',
    engine,
    root: { read: async () => text } as unknown as DataRoot,
    stop: async () => void calls.push('stop'),
    start: async () => {
      calls.push('start');
      state = startsAs;
    },
  } as unknown as Manager;
  return { manager, calls };
}

const [before, after] = [newUnlockKey(), newUnlockKey()];
const locked = {
  Name: 'default',
  Raft: { SnapshotInterval: 5 },
  EncryptionConfig: { AutoLockManagers: true },
};

test('replaces the unlock key, and keeps the other settings', async () => {
  const { manager, calls } = fakeManager(before, after);
  expect(await sealAgain(manager)).toBe(after);
  expect(calls).toEqual([[{ Index: 7 }, locked, { rotateManagerUnlockKey: true }]]);
});

test('turns autolock on if it is off', async () => {
  const { manager, calls } = fakeManager('', after);
  expect(await sealAgain(manager)).toBe(after);
  expect(calls).toEqual([[{ Index: 7 }, locked, { rotateManagerUnlockKey: false }]]);
});

test('accepts only a key file in which everything is sealed with the new key', () => {
  const raftKey = Buffer.alloc(32, 1);
  const headers = (more: Record<string, string>) => ({
    headers: { 'raft-dek': naclRecord(raftKey, after), ...more },
  });
  expect(unsealedReason(sealedKey(after).text, after)).toBeUndefined();
  expect(unsealedReason(sealedKey(before).text, after)).toBe('it is encrypted with another key');
  expect(unsealedReason('-----BEGIN PRIVATE KEY-----', after)).toBe('its private key is not encrypted');
  const plain = sealedKey(after, headers({ 'raft-dek-pending': record(0, raftKey) }));
  expect(unsealedReason(plain.text, after)).toBe('raft-dek-pending is not encrypted');
});

test('proves with a restart that the new key is needed', async () => {
  const { manager, calls } = fakeManager(before, after);
  await proveLocked(manager, 'n1', after);
  expect(calls).toEqual(['stop', 'start']);
});

test('refuses a swarm that starts without its key, and one that another key opens', async () => {
  const open = fakeManager(before, after, { startsAs: 'active' });
  await expect(proveLocked(open.manager, 'n1', after)).rejects.toMatchObject({
    code: 'not-sealed',
    blame: 'finding',
    message: 'after a restart the engine of manager-1 is not locked (it is manager)',
  });
  const other = fakeManager(before, after, { opensWith: before });
  await expect(proveLocked(other.manager, 'n1', after)).rejects.toMatchObject({ code: 'wrong-unlock-key' });
});
