import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { OpensslAuthority } from '../../support/evidence/openssl-authority.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';
import { addAttestation, writeKey } from '../../support/evidence/verified.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/verify-by-hand.md');

/** The commands of the page, in order, without those that a comment in front of them excludes. */
const commands = [...readFileSync(PAGE, 'utf8').matchAll(/(<!--([^>]*)-->\n\n)?```sh\n([^]*?)```/g)]
  .filter(([, , note]) => !note?.includes('not run'))
  .map(([, , , text]) => text ?? '');

/** Runs all commands of the page in one shell, which stops at the first that fails. @returns what they print */
function runPage(reports: string, run: string, keys: string): string {
  const work = mkdtempSync(path.join(keys, 'work-'));
  return execFileSync('bash', ['-euo', 'pipefail', '-c', commands.join('\n')], {
    cwd: work,
    encoding: 'utf8',
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], REPORTS: reports, RUN: run, KEYS: keys },
  });
}

test('the commands of docs/verify-by-hand.md pass for a run, and fail for one that was changed', async () => {
  using authority = new OpensslAuthority({ digest: 'sha512' });
  await using reports = await SampleReports.create();
  const reviewer = createKeyPair();
  const { directory } = await reports.addRun({ authority, live: true });
  await addAttestation(reports, directory, { role: 'reviewer', key: reviewer });
  const keys = path.join(reports.path, '..', 'keys');
  mkdirSync(keys);
  cpSync(await writeKey(reports, reports.key), path.join(keys, 'run-key.pem'));
  cpSync(await writeKey(reports, reviewer), path.join(keys, 'person.pem'));
  cpSync(authority.chain, path.join(keys, 'tsa-chain.pem'));
  expect(commands.length).toBeGreaterThan(12);
  const run = () => runPage(reports.path, directory, keys);
  const printed = run();
  expect(printed.match(/Signature Verified Successfully/g)).toHaveLength(4);
  expect(printed).toContain('artifact:total-loss/');

  const damage = (file: string, change: (text: string) => string): void => {
    const original = readFileSync(file, 'latin1');
    expect(change(original)).not.toBe(original);
    writeFileSync(file, change(original), 'latin1');
    expect(run, file).toThrow();
    writeFileSync(file, original, 'latin1');
  };
  const inRun = (file: string): string => path.join(directory, file);
  damage(inRun('total-loss/journal.jsonl'), (text) => text.replace('"pass"', '"fail"'));
  damage(inRun('evidence.sigstore.json'), (text) => text.replace('"sig": "', '"sig": "AAAA'));
  damage(path.join(reports.path, 'ledger.jsonl'), (text) => text.replace('"exitCode":0', '"exitCode":1'));
  writeFileSync(inRun('note.txt'), 'all is well');
  expect(run).toThrow();
});
