// Reads keys from files and descriptors, never from an argument or the environment. No error contains what was read.
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { usage, reasonOf } from '../../support/errors.ts';
import { checkIdentity, checkRecipient, type OpeningKey, type SealingKey } from './seal.ts';

export interface PassphraseOptions {
  readonly passphraseFile?: string;
  /** A number; 0 is standard input. */
  readonly passphraseFd?: number;
}
export interface SealingOptions extends PassphraseOptions {
  readonly recipient?: readonly string[];
  readonly recipientFile?: string;
}
export interface OpeningOptions extends PassphraseOptions {
  readonly identityFile?: string;
}

const ONE_OF = 'Give one of them';

/** @throws DrillError of usage */
export function readSealingKey({ recipient = [], recipientFile, ...words }: SealingOptions): SealingKey {
  const passphrase = readPassphrase(words);
  const recipients = [
    ...recipient.map((word) => ({ word, where: '--recipient' })),
    ...(recipientFile === undefined ? [] : readLines(recipientFile, '--recipient-file')),
  ];
  if ((passphrase === undefined) === (recipients.length === 0))
    throw usage(
      `expected either recipients or a passphrase to encrypt the file with, got ${passphrase === undefined ? 'neither' : 'both'}`,
      `${ONE_OF}: --recipient age1…, --recipient-file, --passphrase-file, --passphrase-fd`,
    );
  for (const { word, where } of recipients) checkRecipient(word, where);
  return passphrase === undefined ? { recipients: recipients.map(({ word }) => word) } : { passphrase };
}

/** @throws DrillError of usage */
export async function readOpeningKey({ identityFile, ...words }: OpeningOptions): Promise<OpeningKey> {
  const passphrase = readPassphrase(words);
  const identities = identityFile === undefined ? [] : readLines(identityFile, '--identity-file');
  if ((passphrase === undefined) === (identities.length === 0))
    throw usage(
      `expected either an identity or a passphrase to decrypt the file with, got ${passphrase === undefined ? 'neither' : 'both'}`,
      `${ONE_OF}: --identity-file, --passphrase-file, --passphrase-fd`,
    );
  for (const { word, where } of identities) await checkIdentity(word, where);
  return passphrase === undefined ? { identities: identities.map(({ word }) => word) } : { passphrase };
}

/** The unlock key of an autolocked swarm. @throws DrillError of usage */
export function readUnlockKey(path: string): string {
  // `docker swarm unlock-key` without -q prints text around it.
  const key = /\bSWMKEY-1-[A-Za-z0-9+/]{43}/.exec(readText(path, '--unlock-key-file'))?.[0];
  if (key === undefined)
    throw usage(
      `--unlock-key-file: expected a key that begins with SWMKEY-1- in ${path}`,
      'Write the output of `docker swarm unlock-key -q` to it.',
    );
  return key;
}

function readPassphrase({ passphraseFile, passphraseFd }: PassphraseOptions): string | undefined {
  if (passphraseFile !== undefined && passphraseFd !== undefined)
    throw usage('--passphrase-file and --passphrase-fd were both given', `${ONE_OF}.`);
  const [source, where] =
    passphraseFd === undefined
      ? [passphraseFile, '--passphrase-file']
      : [passphraseFd, `--passphrase-fd ${passphraseFd}`];
  if (source === undefined) return undefined;
  // The launcher (start.mjs) communicates with this process on that descriptor: reading it would never end.
  if (source === 3 && process.channel)
    throw usage('--passphrase-fd 3: that descriptor is in use', 'Use 0, or 4 and higher.');
  if (typeof source === 'number' && isatty(source))
    throw usage(`${where} is a terminal, and this command does not prompt`, 'Give a pipe or a file.');
  const passphrase = readText(source, where).replace(/\r?\n$/, '');
  if (passphrase === '') throw usage(`${where}: expected a passphrase, got nothing`, 'Write one to it.');
  return passphrase;
}

function readLines(path: string, where: string): { word: string; where: string }[] {
  const words = readText(path, where)
    .split('\n')
    .map((line, index) => ({ word: line.trim(), where: `${where}, line ${index + 1}` }))
    .filter(({ word }) => word !== '' && !word.startsWith('#'));
  if (words.length === 0)
    throw usage(`${where}: there is no key in ${path}`, 'Write one to it, one per line.');
  return words;
}

function readText(source: string | number, where: string): string {
  try {
    return readFileSync(source, 'utf8');
  } catch (cause) {
    throw usage(`${where} can't be read: ${reasonOf(cause)}`, 'Check the path and its permissions.');
  }
}
