import { armor, Encrypter } from 'age-encryption';
import { beforeAll, expect, test } from 'vitest';
import { describe as described } from '../../support/errors.ts';
import { createAgeIdentity, sealSecrets, unsealSecrets } from './sealed-secrets.ts';

let identity: string;
let recipient: string;
beforeAll(async () => {
  ({ identity, recipient } = await createAgeIdentity());
});

const values = new Map([
  ['text', Buffer.from('pässword\n')],
  ['bytes', Buffer.from([0, 255, 10, 0])],
]);
const opening = (sealed: Uint8Array, key = identity) =>
  unsealSecrets({ sealed: () => Promise.resolve(sealed), identity: () => Promise.resolve(key) });
const encrypted = async (text: string): Promise<Uint8Array> => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(text);
};
/** The whole text of an error that must not tell anything. */
const wordsOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was wrong',
    (error: unknown) => `${described(error)} ${(error as Error).stack} ${String((error as Error).cause)}`,
  );

test('values come back byte by byte, from a binary file and from an armored one', async () => {
  const sealed = await sealSecrets(values, recipient);
  expect(Buffer.from(sealed).includes('pässword')).toBe(false);
  expect(await opening(sealed)).toEqual(values);
  const keyFile = `# created: 2026-11-23\n# public key: ${recipient}\n${identity}\n`;
  expect(await opening(Buffer.from(armor.encode(sealed)), keyFile)).toEqual(values);
});

test('another identity is refused, and neither key is told', async () => {
  const { identity: other } = await createAgeIdentity();
  const words = await wordsOf(opening(await sealSecrets(values, recipient), other));
  expect(words).toMatch(/sealed for another one/);
  expect(words).not.toContain('AGE-SECRET-KEY-1');
});

test('an identity with a typing error is refused without being told', async () => {
  const mistyped = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
  const words = await wordsOf(opening(await sealSecrets(values, recipient), mistyped));
  expect(words).toMatch(/given as identity for the sealed secrets is none/);
  expect(words).not.toContain(mistyped.slice(20, 40));
  await expect(opening(await sealSecrets(values, recipient), '# nothing\n')).rejects.toMatchObject({
    code: 'no-identity',
  });
});

test('a file that was cut, one with a flipped bit and one that is empty are refused', async () => {
  const sealed = await sealSecrets(values, recipient);
  const flipped = Uint8Array.from(sealed, (byte, at) => (at === sealed.length - 5 ? byte ^ 1 : byte));
  for (const broken of [sealed.subarray(0, -20), sealed.subarray(0, 40), flipped, new Uint8Array()])
    await expect(opening(broken)).rejects.toMatchObject({ code: 'sealed-damaged', blame: 'finding' });
});

test('contents that are not names and base64 are refused by name, without the value', async () => {
  for (const [text, says] of [
    ['{"good": "YQ==", "bad": "geheim!"}', /base64 \(bad\)/],
    ['{"cut": "geheim', /base64/],
    ['["geheim"]', /base64/],
  ] as const) {
    const words = await wordsOf(opening(await encrypted(text)));
    expect(words).toMatch(says);
    expect(words).not.toContain('geheim');
  }
});
