// The key file of an autolocked manager is opened completely, or refused with the reason; no error contains a part of it.
import { createPrivateKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKeyFile } from '../../../../src/swarm-backup/autolock/key-file.ts';
import { isSealedRaftKey } from '../../../../src/swarm-backup/autolock/raft-key.ts';
import { unsealKeyFile } from '../../../../src/swarm-backup/autolock/unseal.ts';
import { naclRecord, newUnlockKey, record, sealedKey } from '../../../support/sealed-key.ts';

const unlockKey = newUnlockKey();

const refusalOf = (text: string, key = unlockKey): unknown => {
  try {
    return unsealKeyFile(text, key);
  } catch (error) {
    return error;
  }
};

/** What an engine without autolock has: Go's protobuf leaves the algorithm out, because it is 0. */
const plain = (raftKey: Buffer): string =>
  Buffer.concat([Buffer.from([0x12, 32]), raftKey]).toString('base64');

test.for(['pkcs8', 'sec1'] as const)('opens a key of the type %s and its raft key', (type) => {
  const { text, privateKey, raftKey } = sealedKey(unlockKey, { type });
  const file = parseKeyFile(unsealKeyFile(text, unlockKey));
  expect(file.label).toBe('PRIVATE KEY');
  expect([...file.headers]).toEqual([
    ['kek-version', '0'],
    ['raft-dek', plain(raftKey)],
  ]);
  expect(isSealedRaftKey(file.headers.get('raft-dek') ?? '')).toBe(false);
  const pem = `-----BEGIN PRIVATE KEY-----\n${file.body}\n-----END PRIVATE KEY-----\n`;
  expect(createPrivateKey(pem).equals(createPrivateKey(privateKey))).toBe(true);
});

test('opens both raft keys while they are rotated, and keeps that a rotation is needed', () => {
  const [now, next] = [randomBytes(32), randomBytes(32)];
  const { text } = sealedKey(unlockKey, {
    headers: {
      'raft-dek': naclRecord(now, unlockKey),
      'raft-dek-needs-rotation': 'true',
      'raft-dek-pending': naclRecord(next, unlockKey),
      'kek-version': '31',
    },
  });
  expect([...parseKeyFile(unsealKeyFile(text, unlockKey)).headers]).toEqual([
    ['raft-dek', plain(now)],
    ['raft-dek-needs-rotation', 'true'],
    ['raft-dek-pending', plain(next)],
    ['kek-version', '0'],
  ]);
});

test('refuses another unlock key', () => {
  const { text } = sealedKey(unlockKey);
  expect(refusalOf(text, newUnlockKey())).toMatchObject({
    code: 'wrong-unlock-key',
    blame: 'finding',
    hint: expect.stringContaining('the key from the time of the backup'),
  });
});

test.for<[string, Record<string, string>, object]>([
  [
    'a raft key that another unlock key seals',
    { 'raft-dek': naclRecord(randomBytes(32), newUnlockKey()) },
    { code: 'raft-key-damaged', message: expect.stringContaining('the header raft-dek') },
  ],
  [
    'a damaged pending raft key',
    { 'raft-dek': naclRecord(randomBytes(32), unlockKey), 'raft-dek-pending': 'AAAA' },
    { code: 'raft-key-damaged', message: expect.stringContaining('the header raft-dek-pending') },
  ],
  [
    'a raft key that is too short',
    { 'raft-dek': naclRecord(randomBytes(16), unlockKey) },
    { code: 'raft-key-damaged' },
  ],
  [
    'a raft key of an algorithm that it does not know',
    { 'raft-dek': record(3, randomBytes(48)) },
    { code: 'raft-key-unknown', message: expect.stringContaining('the algorithm 3') },
  ],
  [
    'a header that it does not know',
    { 'raft-dek': naclRecord(randomBytes(32), unlockKey), 'raft-dek-escrow': 'AAAA' },
    { code: 'key-header-unknown', message: expect.stringContaining('raft-dek-escrow') },
  ],
  ['a key file without a raft key', { 'kek-version': '12' }, { code: 'key-damaged' }],
])('refuses %s', ([, headers, expected]) => {
  const { text } = sealedKey(unlockKey, { headers });
  const refusal = refusalOf(text);
  expect(refusal).toMatchObject({ ...expected, blame: 'finding' });
  // A cause could quote what could not be read.
  expect(refusal).not.toHaveProperty('cause');
});

test('refuses what is not a key file', () => {
  for (const text of ['', 'not a key', '-----BEGIN CERTIFICATE-----\n']) {
    expect(refusalOf(text)).toMatchObject({ code: 'key-damaged', blame: 'finding' });
  }
});
