// Fernet tokens, with the vectors of its specification (https://github.com/fernet/spec/blob/master/verify.json and invalid.json).
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openFernet } from '../../../../src/swarm-backup/autolock/fernet.ts';
import { parseKeyFile } from '../../../../src/swarm-backup/autolock/key-file.ts';
import { unsealKeyFile } from '../../../../src/swarm-backup/autolock/unseal.ts';
import { record, sealedKey } from '../../../support/sealed-key.ts';

const TOKEN =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const KEY = Buffer.from('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=', 'base64url');

test('opens the token of the specification', () => {
  expect(openFernet(Buffer.from(TOKEN), KEY).toString()).toBe('hello');
});

test('refuses another key, a flipped bit, another version and a token that is too short', () => {
  const flipped = TOKEN.replace('wAAECAwQ', 'wAAECAwR');
  const version = `h${TOKEN.slice(1)}`;
  for (const [token, key] of [
    [TOKEN, randomBytes(32)],
    [flipped, KEY],
    [version, KEY],
    [TOKEN.slice(0, 32), KEY],
    ['', KEY],
  ] as const)
    expect(() => openFernet(Buffer.from(token), key)).toThrow();
});

test("opens a raft key that an engine in FIPS mode has sealed, as Python's cryptography seals it", () => {
  const sealed =
    'gAAAAAAdwJ6waY0hGiWaJ3mmT3Wkp74iDYhRCHOHLNt1Qpzl9m_o-zpmC2rmdEiHWlRUwkF8jGEotfO0dLWW3LRQlWuMW7ym_VNwAbkcPMVR13KnubILORJDURuQ_rf1jdAXWWOZ87TU';
  const unlockKey = `SWMKEY-1-${Buffer.from(range(0)).toString('base64').replace(/=$/, '')}`;
  const { text } = sealedKey(unlockKey, { headers: { 'raft-dek': record(2, Buffer.from(sealed)) } });
  const { headers } = parseKeyFile(unsealKeyFile(text, unlockKey));
  const plain = Buffer.from([0x12, 32, ...range(100)]).toString('base64');
  expect(headers.get('raft-dek')).toBe(plain);
});

/** 32 bytes that count up. */
const range = (from: number): number[] => Array.from({ length: 32 }, (_, at) => from + at);
