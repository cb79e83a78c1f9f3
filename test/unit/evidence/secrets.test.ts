// Private keys: searched for in every file that a run with a key, people and a time-stamp authority leaves.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attest } from '../../../src/evidence/attest/attest.ts';
import { createKeyPair, type KeyPair, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import { OpensslAuthority } from '../../support/evidence/openssl-authority.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';
import { notRecoveredSample } from '../../support/report/samples.ts';

/** A private key as text, and its 32 secret bytes in the spellings that a file could have. */
function spellingsOf({ privatePem }: KeyPair): string[] {
  const body = privatePem.replaceAll(/-----.*-----|\n/g, '');
  const secret = Buffer.from(body, 'base64').subarray(-32);
  return [
    body,
    secret.toString('base64').replaceAll('=', ''),
    secret.toString('hex'),
    secret.toString('latin1'),
  ];
}

async function findIn(directory: string, keys: readonly KeyPair[]): Promise<string[]> {
  const wanted = [...keys.flatMap(spellingsOf), 'PRIVATE KEY'];
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const file of files.filter((entry) => entry.isFile())) {
    const bytes = await readFile(join(file.parentPath, file.name));
    const texts = [bytes.toString('latin1'), ...decodeParts(bytes.toString('utf8'))];
    if (texts.some((text) => wanted.some((one) => text.includes(one)))) found.push(file.name);
  }
  return found;
}

/** Payloads of envelopes are in base64. */
const decodeParts = (text: string): string[] =>
  [...text.matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g)].map(([part]) =>
    Buffer.from(part, 'base64').toString('latin1'),
  );

test('leaves no private key in any file of a run, an attestation or the ledger', async () => {
  await using reports = await SampleReports.create();
  using authority = new OpensslAuthority();
  const ben = createKeyPair();
  const { directory } = await reports.addRun({
    drills: [notRecoveredSample()],
    facts: `people: { operators: [{ name: Ada, key: ${reports.key.id} }] }`,
    authority,
  });
  const key = parseSigningKey(ben.privatePem, 'the key of the test');
  await attest({ directory, role: 'reviewer', name: 'Ben', key, comment: 'seen', allowed: undefined });
  expect(await readdir(directory)).toEqual(
    expect.arrayContaining(['plan.json', 'plan.tsr', 'evidence.sigstore.json', 'attestations']),
  );
  expect(await findIn(reports.path, [reports.key, ben])).toEqual([]);

  // The search finds a key in each spelling, also within a payload.
  for (const spelling of spellingsOf(ben)) {
    await writeFile(join(directory, 'leak'), `x ${spelling} y`, 'latin1');
    expect(await findIn(reports.path, [ben]), spelling).toEqual(['leak']);
  }
  const payload = Buffer.from(`{"comment":${JSON.stringify(ben.privatePem)}}`).toString('base64');
  await writeFile(join(directory, 'leak'), `{"payload":"${payload}"}`);
  expect(await findIn(reports.path, [ben])).toEqual(['leak']);
});
