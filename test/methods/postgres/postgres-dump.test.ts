// A dump of a real Postgres server, and its restore: what comes back, and what is reported when it fails.
import { truncate } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ArtifactReader } from '../../../src/model/method.ts';
import { postgresDump } from '../../../src/method/postgres/dump.ts';
import type { PostgresService } from '../../../src/method/postgres/service.ts';
import { execInContainer } from '../../../src/lab/engine/process.ts';
import { seconds } from '../../../src/support/clock.ts';
import { brokenAfter, failureOf, finding, fullDuring } from '../../support/method-lab.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { openArtifactStore, type ArtifactStore } from '../../support/artifact-store.ts';

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

test.for(['backup', 'restore'] as const)(
  'ends a %s in time when another session has locked a table',
  async (action) => {
    const impatient = { ...shop, lockLimit: seconds(1) };
    const artifact = await backUp(impatient);
    const blocked = await server.whileLocked('shop', 'receipts', () =>
      failureOf(
        action === 'backup' ? method.backup(impatient, store.writer) : method.restore(artifact, impatient),
      ),
    );
    expect(blocked).toMatchObject({
      ...finding('locked'),
      output: expect.stringContaining('due to lock timeout'),
    });
    await server.clientsEnded();
    expect(await server.sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
  },
);

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

test.for([
  ['more rows', { tables: { 'public.receipts': 33 } }, 'public.receipts: expected 33 rows, got 32'],
  ['another table', { tables: { 'public.lost': 0 } }, 'public.lost: expected 0 rows, got no table'],
  ['large objects', { largeObjects: 1 }, 'large objects: expected 1, got 0'],
] as const)('refuses a dump whose metadata claims %s than it has', async ([, claims, output]) => {
  const artifact = await backUp();
  const claimed = { ...artifact, metadata: { ...artifact.metadata, ...claims } };
  expect(await failureOf(method.restore(claimed, fresh))).toMatchObject({
    ...finding('rows-missing'),
    output,
  });
});

test('records the rows of the snapshot that the dump has, not those of its end', async () => {
  const writer = {
    ...store.writer,
    put: async (file: string, content: Readable) => {
      if (file === DATABASE) await server.sql("INSERT INTO receipts VALUES (1000, 'later')", 'shop');
      await store.writer.put(file, content);
    },
  };
  try {
    const { tables } = await method.backup(shop, writer);
    expect(tables).toEqual({ 'public.receipts': 32 });
  } finally {
    await server.sql('DELETE FROM receipts WHERE i = 1000', 'shop');
  }
});

test('refuses a server that is older than the dump, before it changes anything', async () => {
  const artifact = await backUp();
  const newer = { ...artifact, metadata: { ...artifact.metadata, version: 990_001 } };
  expect(await failureOf(method.restore(newer, fresh))).toMatchObject(finding('older-server'));
  expect(await server.sql('SELECT count(*) FROM pg_tables WHERE schemaname = $$public$$', 'fresh')).toBe('0');
});

test('creates a database that is missing, and refuses one of another locale that is not empty', async () => {
  await server.sql(`DROP DATABASE IF EXISTS german; DROP DATABASE IF EXISTS "a=b 'c'"`);
  await server.sql(
    `CREATE DATABASE german TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C.UTF-8'`,
  );
  await server.sql('CREATE TABLE words AS SELECT 1 AS id', 'german');
  const artifact = await backUp(server.source('german'));
  await method.restore(artifact, server.source("a=b 'c'"));
  expect(
    await server.sql(`SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'a=b ''c'''`),
  ).toBe('i|de');
  await method.restore(artifact, fresh);
  expect(await server.sql(`SELECT datlocale FROM pg_database WHERE datname = 'fresh'`)).toBe('de');
  expect(await failureOf(method.restore(artifact, shop))).toMatchObject({
    ...finding('other-locale'),
    message: expect.stringContaining('expected provider "i", got "c"'),
  });
  expect(await server.sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
});

test('restores what is in another tablespace into the default one', async () => {
  const { node, id } = await server.swarm.taskContainer('pg_db');
  await execInContainer(node.engine, id, ['mkdir', '-p', '/tmp/fast'], { user: 'postgres' });
  await server.sql(`CREATE TABLESPACE fast LOCATION '/tmp/fast'`);
  const far = await server.createDatabase('far', 'CREATE TABLE rows TABLESPACE fast AS SELECT 1 AS id');
  try {
    const artifact = await backUp(far);
    expect(await text(artifact.open('globals.sql.zst'))).not.toContain('TABLESPACE');
    await method.restore(artifact, fresh);
    expect(
      await server.sql(
        `SELECT id, spcname FROM rows, pg_class LEFT JOIN pg_tablespace t ON t.oid = reltablespace WHERE relname = 'rows'`,
        'fresh',
      ),
    ).toBe('1|');
  } finally {
    await server.sql('DROP DATABASE far WITH (FORCE)');
    await server.sql('DROP TABLESPACE fast');
  }
});
