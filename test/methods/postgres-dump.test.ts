// A dump of a real Postgres server, and its restore: what comes back, and what is reported when it fails.
import { truncate } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ArtifactReader } from '../../src/model/method.ts';
import { postgresDump } from '../../src/method/postgres/dump.ts';
import type { PostgresService } from '../../src/method/postgres/service.ts';
import { seconds } from '../../src/support/clock.ts';
import { brokenAfter, failureOf, finding, fullDuring } from '../support/method-lab.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { openArtifactStore, type ArtifactStore } from '../support/artifact-store.ts';

/** A database whose dump is larger than all buffers between the server and its reader. */
const SHOP = `
  CREATE TABLE receipts AS SELECT i, repeat(md5(i::text), 32768) AS paper FROM generate_series(1, 32) AS i;
  CREATE INDEX ON receipts (i);`;
const DIGEST = 'SELECT count(*), sum(length(paper)), md5(string_agg(paper, $$$$ ORDER BY i)) FROM receipts';
const DATABASE = 'database.dump.zst';

const method = postgresDump();
let server: PostgresServer;
let shop: PostgresService;
let fresh: PostgresService;
let store: ArtifactStore;

beforeAll(async () => {
  server = await PostgresServer.start('dump');
  shop = await server.createDatabase('shop', SHOP);
  store = await openArtifactStore();
});
beforeEach(async () => {
  fresh = await server.createDatabase('fresh');
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const backUp = async (from = shop): Promise<ArtifactReader> =>
  store.reader(await method.backup(from, store.writer));

test('restores into another database', async () => {
  await method.restore(await backUp(), fresh);
  expect(await server.sql(DIGEST, 'fresh')).toBe(await server.sql(DIGEST, 'shop'));
});

test('ends a restore whose stream breaks, and can repeat it', async () => {
  const artifact = await backUp();
  const broken = brokenAfter(artifact, DATABASE, 4 * 2 ** 20);
  expect(await failureOf(method.restore(broken, fresh))).toMatchObject(finding('artifact-unreadable'));
  await server.clientsEnded();
  await method.restore(artifact, fresh);
  expect(await server.sql(DIGEST, 'fresh')).toBe(await server.sql(DIGEST, 'shop'));
});

test('ends a restore when the stream of the roles breaks', async () => {
  const broken = brokenAfter(await backUp(), 'globals.sql.zst', 10);
  expect(await failureOf(method.restore(broken, fresh))).toMatchObject(finding('artifact-unreadable'));
});

test('reports a truncated dump with the message of pg_restore', async () => {
  const artifact = await backUp();
  await truncate(store.path(DATABASE), 4 * 2 ** 20);
  expect(await failureOf(method.restore(artifact, fresh))).toMatchObject({
    ...finding('postgres-failed'),
    output: expect.stringContaining('could not read from input file: end of file'),
  });
});

test.for([
  ['backup', 'LOCK TABLE public.receipts IN ACCESS SHARE MODE'],
  ['restore', 'due to lock timeout'],
] as const)('ends a %s in time when another session has locked a table', async ([action, message]) => {
  const impatient = { ...shop, lockLimit: seconds(1) };
  const artifact = await backUp(impatient);
  const blocked = await server.whileLocked('shop', 'receipts', () =>
    failureOf(
      action === 'backup' ? method.backup(impatient, store.writer) : method.restore(artifact, impatient),
    ),
  );
  expect(blocked).toMatchObject({ ...finding('locked'), output: expect.stringContaining(message) });
  await server.clientsEnded();
  expect(await server.sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
});

test('reports a missing permission with the message of the server', async () => {
  expect(await failureOf(backUp({ ...shop, user: 'reader' }))).toMatchObject({
    ...finding('postgres-failed'),
    output: expect.stringContaining('permission denied for table pg_authid'),
  });
});

test('reports a missing database with the message of the server', async () => {
  expect(await failureOf(backUp(server.source('nowhere')))).toMatchObject({
    ...finding('postgres-failed'),
    output: expect.stringContaining('database "nowhere" does not exist'),
  });
});

test('refuses an empty database', async () => {
  expect(await failureOf(backUp(fresh))).toMatchObject(finding('empty-database'));
});

test('leaves no dump running when the vault refuses half-way', async () => {
  const full = fullDuring(DATABASE, store);
  expect(await failureOf(method.backup(shop, full))).toMatchObject(finding('vault-refused'));
  await server.clientsEnded();
});

test('reports a server that is killed during a dump, and the server runs again', async () => {
  const put = async (file: string, content: Readable): Promise<void> => {
    if (file === DATABASE) await server.kill();
    for await (const _chunk of content);
  };
  expect(await failureOf(method.backup(shop, { ...store.writer, put }))).toMatchObject(
    finding('interrupted'),
  );
  await server.swarm.converged();
  expect(await server.sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
});

test('reports a server that is killed during a restore, and the server runs again', async () => {
  const artifact = await backUp();
  const open = (file: string): Readable =>
    file === DATABASE
      ? (artifact.open(file).compose(async function* (chunks: AsyncIterable<Buffer>) {
          let count = 0;
          for await (const chunk of chunks) {
            if (++count === 2) await server.kill();
            yield chunk;
          }
        }) as unknown as Readable)
      : artifact.open(file);
  expect(await failureOf(method.restore({ ...artifact, open }, fresh))).toMatchObject(finding('interrupted'));
  await server.swarm.converged();
  expect(await server.sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
});
