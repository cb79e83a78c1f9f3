// How a file can be restored follows from its manifest and its node key, before anything is touched.
import { expect, test } from 'vitest';
import { chooseStrategy, requireKeeper } from '../../../../src/swarm-backup/preflight/restore.ts';
import type { Manifest } from '../../../../src/swarm-backup/file/manifest.ts';
import { newUnlockKey, sealedKey } from '../../../support/sealed-key.ts';
import { sampleManifest } from '../../../support/swarm-manifest.ts';

const unlockKey = newUnlockKey();
const { text } = sealedKey(unlockKey);

const manifestOf = (autolock: boolean, managers: number): Manifest => ({
  ...sampleManifest,
  cluster: { ...sampleManifest.cluster, autolock, managers },
});

test.for([
  { autolock: false, managers: 1, by: 'forced initialisation' },
  { autolock: false, managers: 3, by: 'forced initialisation' },
  { autolock: true, managers: 1, by: 'unlock key' },
  { autolock: true, managers: 3, by: 'unsealed key' },
])('restores $managers managers, autolock $autolock, by $by', ({ autolock, managers, by }) => {
  expect(chooseStrategy(manifestOf(autolock, managers), text, unlockKey)).toMatchObject({ by });
});

test.for([1, 3])(
  'refuses an autolocked swarm of %d managers without its key, and with a wrong one',
  (managers) => {
    const manifest = manifestOf(true, managers);
    expect(() => chooseStrategy(manifest, text, undefined)).toThrow(
      expect.objectContaining({ code: 'no-unlock-key', hint: expect.stringContaining('--unlock-key-file') }),
    );
    expect(() => chooseStrategy(manifest, text, newUnlockKey())).toThrow(
      expect.objectContaining({ code: 'wrong-unlock-key' }),
    );
  },
);

test('refuses several autolocked managers with a damaged raft key', () => {
  const damaged = sealedKey(unlockKey, { headers: { 'raft-dek': 'AAAA' } });
  expect(() => chooseStrategy(manifestOf(true, 3), damaged.text, unlockKey)).toThrow(
    expect.objectContaining({ code: 'raft-key-damaged' }),
  );
});

test('refuses several autolocked managers when nothing keeps their new unlock key', () => {
  const strategy = chooseStrategy(manifestOf(true, 3), text, unlockKey);
  expect(() => requireKeeper(strategy, {})).toThrow(
    expect.objectContaining({
      code: 'unlock-key-unkept',
      hint: expect.stringContaining('--new-unlock-key-file'),
    }),
  );
  expect(() => requireKeeper(strategy, { keepUnlockKey: async () => {} })).not.toThrow();
  expect(() => requireKeeper(chooseStrategy(manifestOf(true, 1), text, unlockKey), {})).not.toThrow();
});
