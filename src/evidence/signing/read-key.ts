// Where a private key comes from: a file or a file descriptor, never an argument or a variable, which other processes can read.
import { closeSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { DrillError, usage } from '../../support/errors.ts';
import { parseSigningKey, type SigningKey } from './keys.ts';

/** Names the file with the private key. */
export const KEY_FILE_VARIABLE = 'SWARM_DRILL_SIGNING_KEY_FILE';

export interface KeySource {
  readonly file?: string | undefined;
  /** Number of an open file descriptor. */
  readonly descriptor?: number | undefined;
}

export interface LoadedKey {
  readonly key: SigningKey;
  readonly warnings: readonly string[];
}

/**
 * Reads the key from the file or descriptor, else from the file that the environment names.
 * @returns undefined if none is named
 * @throws DrillError `usage` for two sources, a file that can't be read, or something else than a key
 */
export async function readSigningKey(
  { file, descriptor }: KeySource,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<LoadedKey | undefined> {
  if (file !== undefined && descriptor !== undefined)
    throw usage('a signing key comes from one place, got a file and a descriptor', 'Pass one of the two.');
  if (descriptor !== undefined) return { key: readDescriptor(descriptor), warnings: [] };
  const path = file ?? environment[KEY_FILE_VARIABLE];
  if (path === undefined || path === '') return undefined;
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DrillError(`${path}: the signing key can't be read`, {
      code: 'usage',
      blame: 'usage',
      cause,
      hint: 'Name the file of a private key, or make one with `swarm-drill keys init`.',
    });
  });
  return { key: parseSigningKey(pem, path), warnings: await exposureWarnings(path) };
}

function readDescriptor(descriptor: number): SigningKey {
  try {
    const pem = readFileSync(descriptor, 'utf8');
    if (descriptor > 2) closeSync(descriptor);
    return parseSigningKey(pem, `descriptor ${descriptor}`);
  } catch (cause) {
    if (cause instanceof DrillError) throw cause;
    throw new DrillError(`descriptor ${descriptor}: the signing key can't be read`, {
      code: 'usage',
      blame: 'usage',
      cause,
      hint: `Open it for reading, e.g. swarm-drill run --signing-key-fd ${descriptor} ${descriptor}<key.pem`,
    });
  }
}

/** Warns of a private key that other accounts can read. */
async function exposureWarnings(path: string): Promise<string[]> {
  const { mode } = await stat(path);
  // Owners and modes mean nothing on Windows.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
  return [
    `${path}: others on this machine can read the private key (mode ${(mode & 0o777).toString(8)})\n` +
      `what to do: chmod 600 ${path}`,
  ];
}
