// restic, with a real object store; the tests that it shares with other methods are in repository-suite.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { outputOf } from '../../../src/lab/engine/process.ts';
import { runTool } from '../../../src/method/volume/repository.ts';
import { restic } from '../../../src/method/volume/restic.ts';
import type { AccessMode } from '../../../src/vault/backend.ts';
import type { ObjectStore } from '../../../src/vault/object-store/object-store.ts';
import type { Vault } from '../../../src/vault/vault.ts';
import { seconds } from '../../../src/support/clock.ts';
import { repositorySuite, type SuiteContext } from '../../support/repository-suite.ts';
import { expectedLosses, findingOf, lostAspects, readManifest } from '../../support/volumes.ts';

const S3 = readFileSync(join(import.meta.dirname, '../../support/s3.py'), 'utf8');
const OBJECTS = '/vault/s3/disk/objects';
const PASSWORD = 'restic-password';

const storeOf = ({ objectStore }: Vault): ObjectStore => {
  if (!objectStore) throw new Error('the vault has no object store');
  return objectStore;
};

/** Sends a request to the store with the key of that access mode: method, target, body. Returns status and body of the answer. */
async function request(
  { vault, files }: SuiteContext,
  side: AccessMode,
  ...words: readonly string[]
): Promise<{ status: number; body: string }> {
  const { address, port, files: keys } = await vault.account('s3', side);
  const argv = ['python3', '-c', S3, '/run/vault/credentials', `${address}:${port}`, ...words];
  const { stdout, stderr } = await outputOf(
    await files.node.startTool({ image: 'tools', network: 'host', argv, volumes: {}, files: keys }),
  );
  const [status = '', ...rest] = stdout.split(' ');
  if (!status) throw new Error(stderr);
  return { status: Number(status), body: rest.join(' ') };
}

/** Returns the names of all objects of a kind, e.g. `data/`. */
async function names(context: SuiteContext, of: string): Promise<string[]> {
  const { body } = await request(context, 'read', 'GET', '/vault');
  return [...body.matchAll(/<Key>(repository\/[^<]*)<\/Key>/g)]
    .map(([, name = '']) => name)
    .filter((name) => name.startsWith(`repository/${of}`));
}

/** Bypasses all keys, as only the store's owner can. */
const DELETE = `import sys
from swift.common.internal_client import InternalClient
InternalClient("/etc/swift/inside.conf", "the owner", 1).delete_object("AUTH_vault", "vault", sys.argv[1])`;

repositorySuite(
  {
    kind: 's3',
    method: restic({ via: 's3' }),
    secrets: [PASSWORD],
    vault: { objectStore: true },
    console: storeOf,
    server: 'swift-proxy-ser',
    lasting: true,
    data: OBJECTS,
    full: { code: 'vault-unavailable', output: /reduce your request rate/i },
  },
  (context) => {
    test('reports a wrong password during a backup and during a restore', async () => {
      const { site, vault, files, older, method, withAccounts } = context();
      const wrong = await withAccounts(
        (account) => ({ ...account, files: { ...account.files, [`run/vault/${PASSWORD}`]: 'wrong' } }),
        async () => [
          await findingOf(vault.keep(method, files)),
          await findingOf(older.kept.restoreInto(site.volume('again'))),
        ],
      );
      expect(wrong.map(({ code }) => code)).toEqual(['wrong-password', 'wrong-password']);
    });

    test('reports a key that the store does not know during a backup and during a restore', async () => {
      const { site, vault, files, older, method, withAccounts } = context();
      const unknown = '[default]\naws_access_key_id = vault:append\naws_secret_access_key = unknown\n';
      const refused = await withAccounts(
        (account) => ({ ...account, files: { ...account.files, 'run/vault/credentials': unknown } }),
        async () => [
          await findingOf(vault.keep(method, files)),
          await findingOf(older.kept.restoreInto(site.volume('again'))),
        ],
      );
      expect(refused.map(({ code }) => code)).toEqual(['vault-refused', 'vault-refused']);
    });

    test('reports a missing repository', async () => {
      const { site, vault, older } = context();
      await storeOf(vault).exec(['mv', OBJECTS, `${OBJECTS}-away`]);
      const { code, output } = await findingOf(older.kept.restoreInto(site.volume('again')));
      await storeOf(vault).exec(['mv', '-T', `${OBJECTS}-away`, OBJECTS]);
      expect(code).toBe('no-repository');
      expect(output).toContain('repository does not exist');
    });

    describe('permissions', () => {
      test('the appending key adds, reads, and removes its locks', async () => {
        const object = '/vault/repository/locks/probe';
        const did = [];
        for (const method of ['PUT', 'GET', 'DELETE', 'GET'])
          did.push((await request(context(), 'append', method, object)).status);
        expect(did).toEqual([200, 200, 204, 404]);
      });

      test('the appending key neither removes nor overwrites what exists, by hand or with restic', async () => {
        const { vault, files } = context();
        const [pack = ''] = await names(context(), 'data/');
        const [snapshot = ''] = await names(context(), 'snapshots/');
        const list = `<Delete><Object><Key>${pack}</Key></Object></Delete>`;
        const before = await storeOf(vault).checksums();
        const tried = [
          await request(context(), 'append', 'DELETE', `/vault/${pack}`),
          await request(context(), 'append', 'PUT', `/vault/${pack}`, 'rubbish'),
          await request(context(), 'append', 'PUT', '/vault/repository/config', 'rubbish'),
          await request(context(), 'append', 'POST', `/vault/${snapshot}?uploads`),
          await request(context(), 'append', 'POST', '/vault?delete', list),
          await request(context(), 'append', 'DELETE', '/vault'),
          await request(context(), 'append', 'PUT', '/another'),
        ];
        expect(tried.map(({ status }) => status)).toEqual([403, 412, 412, 501, 200, 403, 403]);
        expect(tried[4]?.body).toContain('AccessDenied');
        const account = await vault.account('s3', 'append', [PASSWORD]);
        const forgotten = runTool({ name: 'restic', failures: {} }, files, {
          account,
          argv: [
            ...[
              'restic',
              '--no-cache',
              '--option',
              's3.bucket-lookup=path',
              '--password-file',
              `/run/vault/${PASSWORD}`,
            ],
            ...['--repo', `s3:http://${account.address}:${account.port}/vault/repository`],
            ...['forget', '--keep-last', '1', '--prune', '--max-repack-size', '0', '--group-by', ''],
          ],
          env: { AWS_SHARED_CREDENTIALS_FILE: '/run/vault/credentials', AWS_DEFAULT_REGION: 'us-east-1' },
          stallTimeout: seconds(30),
        });
        // It ignores that it may not remove a snapshot.
        await forgotten.catch(() => undefined);
        expect(await storeOf(vault).checksums()).toBe(before);
      });

      test('the reading key only reads', async () => {
        const statuses = [];
        for (const [method, target] of [
          ['GET', '/vault/repository/config'],
          ['PUT', '/vault/repository/index/rubbish'],
          ['DELETE', '/vault/repository/config'],
          ['PUT', '/vault/repository/locks/probe'],
        ] as const)
          statuses.push((await request(context(), 'read', method, target)).status);
        expect(statuses).toEqual([200, 403, 403, 403]);
      });
    });

    test('reports garbage that the appending key adds, and restores once the owner has removed it', async () => {
      const { site, vault, older, method } = context();
      const rubbish = `repository/index/${'0'.repeat(64)}`;
      expect((await request(context(), 'append', 'PUT', `/vault/${rubbish}`, 'rubbish')).status).toBe(200);
      const { code, output } = await findingOf(older.kept.restoreInto(site.volume('again')));
      expect(code).toBe('artifact-damaged');
      expect(output).toContain('0000000');
      await storeOf(vault).exec(['python3', '-', rubbish], DELETE);
      const again = site.volume('without-rubbish');
      await older.kept.restoreInto(again);
      expect(await lostAspects(older.manifest, await readManifest(again))).toEqual(
        await expectedLosses(method, older.manifest),
      );
    });
  },
);
