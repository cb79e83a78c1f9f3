// Whether the vault's disk can be read without the keys. Both halves are tried, not asserted: seeded text is searched for, and a
// wrong key is used.
import { generateIdentity } from 'age-encryption';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from '../../lab/engine/process.ts';
import type { Check, Observation } from '../../model/check.ts';
import { DrillError } from '../../support/errors.ts';
import type { Vault } from '../../vault/vault.ts';

const SEARCH = readFileSync(join(import.meta.dirname, 'search.sh'), 'utf8');

/**
 * Compares every file of the vault with text that was seeded in plain. Accounts of methods that declare `encrypted in the vault` as
 * lost are searched too, and count in the aspect only.
 * @param canaries random strings that were written into the swarm before the backup
 */
export const vaultContentsEncrypted = (vault: Vault, canaries: readonly string[]): Check => ({
  name: 'vault contents encrypted at rest',
  required: true,
  covers: [],
  doesNotProve: 'that the cipher is strong: age and the repositories’ own programs answer for that',
  observe: () => isEncryptedAtRest(vault, canaries),
});

async function isEncryptedAtRest(vault: Vault, canaries: readonly string[]): Promise<Observation> {
  const sizes = (await vault.host.exec(['find', '/vault', '-type', 'f', '-printf', '%s\\n']))
    .trim()
    .split('\n');
  const bytes = sizes.reduce((sum, size) => sum + Number(size), 0);
  const found = await findInVault(vault, canaries);
  const declared = new Set<string>(vault.unencryptedAccounts);
  const differences = found
    .filter(({ file }) => !declared.has(file.split('/')[0] ?? ''))
    .map(({ file, text }) => `${file}: contains "${text}" in plain text`);
  if (!(await isWrongKeyRefused(vault)))
    differences.push('an artifact: can be decrypted with a new, unrelated key');
  const readable =
    found.length > 0 && differences.length === 0
      ? `; in plain text, as the method declares: ${found.length} files`
      : '';
  return {
    compared: sizes.length,
    differences,
    aspects: [{ aspect: 'encrypted in the vault', compared: sizes.length, mismatched: found.length }],
    detail: `${sizes.length} files of ${bytes} bytes searched for ${canaries.length} seeded strings, a wrong key tried${readable}`,
  };
}

/** Which file, or git repository, contains which text; each pair once. */
async function findInVault(
  vault: Vault,
  texts: readonly string[],
): Promise<{ file: string; text: string }[]> {
  const words = (await vault.host.exec(['bash', '-c', SEARCH], texts.join('\n'))).split('\0');
  const found = new Map<string, { file: string; text: string }>();
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [file = '', text = ''] = words.slice(at, at + 2);
    found.set(`${file}\0${text}`, { file: file.replace(/^\.\//, ''), text });
  }
  return [...found.values()];
}

async function isWrongKeyRefused(vault: Vault): Promise<boolean> {
  const listed = await vault.host.exec([
    'find',
    '/vault/stream',
    '-name',
    'catalogue.json',
    '-printf',
    '%P\\n',
  ]);
  const [artifact] = listed.trim().split('\n');
  if (!artifact) throw new DrillError('vault: no artifact to try a wrong key on', { code: 'empty-vault' });
  await vault.host.writeFile('/run/keys/wrong', await generateIdentity());
  const decrypting = await vault.host.runInGateway([
    'bash',
    '-o',
    'pipefail',
    '-c',
    'ssh -n -F /run/keys/config read get "$0" | age --decrypt --identity /run/keys/wrong',
    artifact,
  ]);
  const { exitCode, stdout, stderr } = await outputOf(decrypting);
  if (exitCode === 0) return false;
  // Any other failure proves nothing about the key.
  if (stdout === '' && /no identity matched/.test(stderr)) return true;
  throw new DrillError('vault: decrypting with a wrong key failed for another reason', {
    code: 'key-not-tried',
    output: stderr,
  });
}
