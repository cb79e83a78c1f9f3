import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKeyPair, parseKeyId, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import { readSigningKey } from '../../../src/evidence/signing/read-key.ts';
import { runProgram } from '../../../src/support/command.ts';
import { sha256 } from '../../../src/support/sha256.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-keys-'));
});
afterEach(() => rm(home, { recursive: true }));

async function keyFile(text: string, mode = 0o600): Promise<string> {
  const file = join(home, 'key.pem');
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

test('makes keys that openssl reads, and whose id is the hash of the public part', async () => {
  const { id, privatePem, publicPem } = createKeyPair();
  const file = await keyFile(privatePem);
  expect(await runProgram('openssl', ['pkey', '-in', file, '-pubout'])).toBe(publicPem.trim());
  expect(sha256(Buffer.from(publicPem.replaceAll(/-----.*-----|\n/g, ''), 'base64'))).toBe(id);
  expect(parseKeyId(publicPem, 'a file')).toBe(id);
  expect(parseSigningKey(privatePem, 'a file')).toMatchObject({ id, publicPem });
});

test('never shows the private part of a loaded key', () => {
  const { privatePem } = createKeyPair();
  const secret = privatePem.split('\n')[1] ?? '';
  const key = parseSigningKey(privatePem, 'a file');
  expect(secret).not.toBe('');
  expect(JSON.stringify(key) + Object.values(key).map(String).join()).not.toContain(secret);
});

test.each([
  ['text', 'hello', 'got something else'],
  ['a public key', createKeyPair().publicPem, 'got something else'],
  [
    'an RSA key',
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
    'got a key of the type rsa',
  ],
])('refuses %s as a signing key, and shows nothing of it', async (_, text, expected) => {
  const failure = await readSigningKey({ file: await keyFile(text) }, {}).catch((error: unknown) => error);
  expect(failure).toMatchObject({ blame: 'usage' });
  expect(String(failure)).toContain(expected);
  expect(String(failure)).not.toContain(text.split('\n')[1] ?? 'hello');
});

test('refuses a private key where a public one belongs', () => {
  expect(() => parseKeyId(createKeyPair().privatePem, 'evidence.yml')).toThrow('got a private key');
});

test.each([
  ['others can read', 0o644, 1],
  ['its group can read', 0o640, 1],
  ['only its owner can read', 0o600, 0],
])('warns of a file that %s: %o', async (_, mode, count) => {
  const file = await keyFile(createKeyPair().privatePem, mode);
  const loaded = await readSigningKey({ file }, {});
  expect(loaded?.warnings).toHaveLength(count);
  for (const warning of loaded?.warnings ?? []) expect(warning).toContain(`chmod 600 ${file}`);
});

test('takes the file that the environment names, an option before that, and nothing else', async () => {
  const [one, two] = [createKeyPair(), createKeyPair()];
  const [first, second] = [join(home, 'one.pem'), join(home, 'two.pem')];
  await writeFile(first, one.privatePem, { mode: 0o600 });
  await writeFile(second, two.privatePem, { mode: 0o600 });
  const environment = { SWARM_DRILL_SIGNING_KEY_FILE: first };
  expect((await readSigningKey({}, environment))?.key.id).toBe(one.id);
  expect((await readSigningKey({ file: second }, environment))?.key.id).toBe(two.id);
  expect(await readSigningKey({}, { SWARM_DRILL_SIGNING_KEY: one.privatePem })).toBeUndefined();
  await expect(readSigningKey({ file: first, descriptor: 5 })).rejects.toThrow('got a file and a descriptor');
});
