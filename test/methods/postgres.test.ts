// Postgres' own ways of backup on a real server: what they bring back after its volume is gone, and what they say when they can't.
import { createHash } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { execInContainer, startProcess } from '../../src/lab/engine/process.ts';
import { runSidecar, outputOrThrow } from '../../src/method/container/sidecar.ts';
import type { ArtifactWriter, Method, ArtifactReader } from '../../src/model/method.ts';
import { postgresDump } from '../../src/method/postgres/dump.ts';
import type { PostgresService } from '../../src/method/postgres/service.ts';
import { postgresBaseBackup } from '../../src/method/postgres/base-backup.ts';
import { postgresPointInTime, type PointInTimeResult } from '../../src/method/postgres/point-in-time.ts';
import { postgresWalArchive, readWalPosition } from '../../src/method/postgres/wal-archive.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import { nextSegment } from '../../src/method/postgres/wal-segments.ts';
import { seconds } from '../../src/support/clock.ts';
import type { DrillError } from '../../src/support/errors.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { shelf, type Shelf } from '../support/shelf.ts';

const STACK = `
version: '3.8'
services:
  db:
    image: IMAGE
    entrypoint: ['sh', '-c', 'chown postgres /archive && exec docker-entrypoint.sh "$$@"', '--']
    command:
      - postgres
      - -c
      - archive_mode=on
      - -c
      - archive_command=cmp -s %p /archive/%f || { test ! -f /archive/%f && cp %p /archive/.%f && mv /archive/.%f /archive/%f; }
    environment: { POSTGRES_USER: owner, POSTGRES_PASSWORD: only-here, POSTGRES_INITDB_ARGS: '--data-checksums --wal-segsize=1' }
    volumes: ['data:/var/lib/postgresql/data', 'archive:/archive']
    networks: [apart]
    healthcheck: { test: [CMD, pg_isready, -U, owner, -h, 127.0.0.1], interval: 1s, retries: 60 }
    deploy: { endpoint_mode: dnsrr, restart_policy: { delay: 0s } }
networks: { apart: { driver: overlay } }
volumes: { data: { labels: { purpose: rows } }, archive: {} }
`;

const scope = new Scope();
let swarm: Swarm;
const database = { service: 'pg_db', user: 'owner', database: 'postgres' };

beforeAll(async () => {
  const site = await Site.open({ lab: inject('lab'), run: `pg-${process.pid}`, drill: 'methods', scope });
  swarm = await site.startSwarm({ managers: 1, workers: 0 });
  await deploy();
  await sql('CREATE TABLE marks (id int PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())');
  await sql("CREATE ROLE reader LOGIN PASSWORD 'secret-of-reader'; GRANT SELECT ON marks TO reader");
  await sql('ALTER SYSTEM SET work_mem = 12345');
  await sql('CREATE TABLE bulk AS SELECT i, md5(i::text) FROM generate_series(1, 100000) AS i');
});
afterAll(() => scope[Symbol.asyncDispose]());

const source = () => ({ ...database, swarm });
const volume = (name: string): Volume => ({ swarm, node: swarm.nodes[0] as never, name });

async function deploy(): Promise<void> {
  await swarm.deploy('pg', STACK.replace('IMAGE', swarm.imageOf('postgres')));
  await swarm.converged();
}

async function sql(text: string, name = 'postgres'): Promise<string> {
  const { node, id } = await swarm.taskContainer(database.service);
  const argv = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-d', name];
  return (await execInContainer(node.docker, id, argv, { user: 'postgres', input: text })).trim();
}

/** The service with its volumes, gone. */
async function lose(...volumes: string[]): Promise<void> {
  const manager = await swarm.manager();
  await waitUntil('the volumes to be gone', async () => {
    // For a moment after its service, a task may still count as a user of the network: then once more.
    await manager.exec(['docker', 'stack', 'rm', '--detach=false', 'pg']);
    await manager.exec(['docker', 'volume', 'rm', '--force', ...volumes]);
    return { done: true };
  });
}

const contents = async ({ node, name }: Volume): Promise<string> =>
  (
    await runSidecar(node, {
      image: swarm.imageOf('toolbox'),
      user: '0:0',
      argv: ['find', '/volume', '-mindepth', '1'],
      volumes: { [name]: '/volume:ro' },
    })
  ).output;

const finding = (code: string) => ({ name: 'DrillError', blame: 'finding', code });

const failure = async (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('it went well');
    },
    (error: unknown) => error,
  );

test('a base backup of a running server comes back whole, with roles and settings', async () => {
  await using kept = await shelf();
  await sql('INSERT INTO marks VALUES (1)');
  const claim = await postgresBaseBackup().backup(source(), kept.deposit);
  expect(JSON.stringify(claim)).not.toMatch(/only-here|secret-of-reader/);
  await sql('INSERT INTO marks VALUES (2)');
  await lose('pg_data', 'pg_archive');
  await postgresBaseBackup().restore(kept.opened(claim), volume('pg_data'));
  const { Labels } = await volume('pg_data').node.docker.getVolume('pg_data').inspect();
  expect(Labels).toMatchObject({ purpose: 'rows', 'com.docker.stack.namespace': 'pg' });
  await deploy();
  expect(await sql('SELECT id FROM marks ORDER BY id')).toBe('1');
  expect(await sql('SELECT count(*), max(md5) FROM bulk')).toMatch(/^100000\|/);
  expect(await sql('SET ROLE reader; SELECT count(*) FROM marks; RESET ROLE; SHOW work_mem')).toBe(
    '1\n12345kB',
  );
  await sql('INSERT INTO marks VALUES (3)');
});

test('a base backup that was cut or changed is refused in the words of tar and pg_verifybackup, and leaves nothing', async () => {
  await using kept = await shelf();
  const claim = await postgresBaseBackup().backup(source(), kept.deposit);
  const whole = await readFile(kept.path('base.tar'));

  const flipped = Buffer.from(whole);
  const at = flipped.indexOf(createHash('md5').update('50000').digest('hex'));
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
  await writeFile(kept.path('base.tar'), flipped);
  expect(await failure(postgresBaseBackup().restore(kept.opened(claim), volume('damaged')))).toMatchObject({
    ...finding('base-damaged'),
    output: expect.stringMatching(/checksum mismatch for file "base\/\d+\/\d+"/),
  });
  expect(await contents(volume('damaged'))).toBe('');

  await writeFile(kept.path('base.tar'), whole.subarray(0, whole.length / 2));
  expect(await failure(postgresBaseBackup().restore(kept.opened(claim), volume('damaged')))).toMatchObject({
    ...finding('tar-failed'),
    output: expect.stringContaining('Unexpected EOF in archive'),
  });
  expect(await contents(volume('damaged'))).toBe('');

  const inUse = await contents(volume('pg_archive'));
  expect(await failure(postgresBaseBackup().restore(kept.opened(claim), volume('pg_archive')))).toMatchObject(
    finding('volume-not-empty'),
  );
  expect(await contents(volume('pg_archive'))).toBe(inUse);
});

test('a server that is killed half-way through a base backup is a finding, and runs again', async () => {
  const { node, id } = await swarm.taskContainer(database.service);
  const put = async (_file: string, content: Readable): Promise<void> => {
    await node.docker.getContainer(id).kill();
    for await (const _chunk of content);
  };
  const refuse = () => Promise.reject(new Error('not for this method'));
  expect(
    await failure(postgresBaseBackup().backup(source(), { put, pipeFrom: refuse, account: refuse })),
  ).toMatchObject(finding('interrupted'));
  await swarm.converged();
  expect(await sql('SELECT 1')).toBe('1');
});

test('a vault that takes nothing leaves no base backup running', async () => {
  const full = finding('vault-refused');
  const put = () => Promise.reject(Object.assign(new Error('the disk is full'), full));
  expect(
    await failure(postgresBaseBackup().backup(source(), { put, pipeFrom: put, account: put })),
  ).toMatchObject(full);
  await waitUntil('the server to be left alone', async () => {
    const running = await sql('SELECT count(*) FROM pg_stat_progress_basebackup');
    return running === '0' ? { done: true } : { notYet: `${running} base backups run` };
  });
});

/** A database whose dump is larger than everything that lies between the server and whoever reads it. */
const SHOP = `
  CREATE TABLE receipts AS SELECT i, repeat(md5(i::text), 32768) AS paper FROM generate_series(1, 32) AS i;
  CREATE INDEX ON receipts (i);`;
const shop = (name = 'shop') => ({ ...source(), database: name });

async function makeDatabase(name: string, content = ''): Promise<void> {
  await sql(`CREATE DATABASE ${name}`);
  await sql(content, name);
}

/** A deposit that takes `file` only up to its first MiB, and goes to the end of everything else. */
const refusing = (file: string, place: Shelf): ArtifactWriter => ({
  ...place.deposit,
  async put(name, content) {
    if (name !== file) return place.deposit.put(name, content);
    let bytes = 0;
    for await (const chunk of content) {
      bytes += (chunk as Buffer).length;
      if (bytes > 2 ** 20) throw Object.assign(new Error('the disk is full'), finding('vault-refused'));
    }
  },
});

/** The artifact as its first bytes alone, and then an error. */
const broken = (artifact: ArtifactReader, file: string, bytes: number): ArtifactReader => ({
  ...artifact,
  open: (name) =>
    name === file
      ? Readable.from(
          (async function* () {
            let left = bytes;
            for await (const chunk of artifact.open(file)) {
              yield (chunk as Buffer).subarray(0, left);
              left -= (chunk as Buffer).length;
              if (left <= 0)
                throw Object.assign(new Error('the vault is cut'), finding('artifact-unreadable'));
            }
          })(),
          { objectMode: false },
        )
      : artifact.open(name),
});

/** Waits until neither a client program nor a session of one is left in the server's container. */
async function leftAlone(): Promise<void> {
  const { node, id } = await swarm.taskContainer(database.service);
  await waitUntil('the server to be left alone', async () => {
    const { Processes } = (await node.docker.getContainer(id).top()) as { Processes: string[][] };
    const left = Processes.map((columns) => columns.at(-1) ?? '').filter((command) =>
      /pg_dump|pg_restore|pg_basebackup|psql|walsender|COPY/.test(command),
    );
    return left.length === 0 ? { done: true } : { notYet: left.join('; ') };
  });
}

/** While somebody else's transaction holds a table of the database. */
async function whileLocked<T>(name: string, body: () => Promise<T>): Promise<T> {
  const { node, id } = await swarm.taskContainer(database.service);
  const psql = ['psql', '-XAtq', '-U', 'owner', '-d', name];
  const session = await startProcess(node.docker, id, psql, { user: 'postgres' });
  session.io.resume();
  session.io.write('BEGIN; LOCK TABLE receipts;\n');
  await waitUntil('the lock', async () => {
    const held = await sql(`SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted`);
    return held === '0' ? { notYet: 'nobody holds it' } : { done: true };
  });
  try {
    return await body();
  } finally {
    session.io.end();
    await session.exitCode();
  }
}

test('a dump comes back in another database; a stream that breaks half-way ends the restore, and one can begin again', async () => {
  await makeDatabase('shop', SHOP);
  await makeDatabase('fresh');
  await using place = await shelf();
  const artifact = place.opened(await postgresDump().backup(shop(), place.deposit));
  const cut = broken(artifact, 'database.dump.zst', 4 * 2 ** 20);
  expect(await failure(postgresDump().restore(cut, shop('fresh')))).toMatchObject(
    finding('artifact-unreadable'),
  );
  await leftAlone();
  const noRoles = broken(artifact, 'globals.sql.zst', 10);
  expect(await failure(postgresDump().restore(noRoles, shop('fresh')))).toMatchObject(
    finding('artifact-unreadable'),
  );
  await postgresDump().restore(artifact, shop('fresh'));
  const facts = 'SELECT count(*), sum(length(paper)), md5(string_agg(paper, $$$$ ORDER BY i)) FROM receipts';
  expect(await sql(facts, 'fresh')).toBe(await sql(facts, 'shop'));

  // An end that comes too early is told by pg_restore itself.
  await truncate(place.path('database.dump.zst'), 4 * 2 ** 20);
  expect(await failure(postgresDump().restore(artifact, shop('fresh')))).toMatchObject({
    ...finding('postgres-failed'),
    output: expect.stringContaining('could not read from input file: end of file'),
  });
});

test('a table that somebody holds locked ends a dump or a restore in time, with the words of the server', async () => {
  await using place = await shelf();
  const patient = { ...shop(), lockLimit: seconds(1) };
  const lockedFor = (words: string) => ({ ...finding('locked'), output: expect.stringContaining(words) });
  const artifact = place.opened(await postgresDump().backup(patient, place.deposit));
  await whileLocked('shop', async () => {
    expect(await failure(postgresDump().backup(patient, place.deposit))).toMatchObject(
      lockedFor('LOCK TABLE public.receipts IN ACCESS SHARE MODE'),
    );
    expect(await failure(postgresDump().restore(artifact, patient))).toMatchObject(
      lockedFor('due to lock timeout'),
    );
  });
  await leftAlone();
  expect(await sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
});

test('a dump that the server refuses, or that would hold nothing, is a finding in words', async () => {
  await using place = await shelf();
  const attempt = (service: PostgresService) => failure(postgresDump().backup(service, place.deposit));
  expect(await attempt({ ...shop(), user: 'reader' })).toMatchObject({
    ...finding('postgres-failed'),
    output: expect.stringContaining('permission denied for table pg_authid'),
  });
  expect(await attempt(shop('nowhere'))).toMatchObject({
    ...finding('postgres-failed'),
    output: expect.stringContaining('database "nowhere" does not exist'),
  });
  await makeDatabase('vacant');
  expect(await attempt(shop('vacant'))).toMatchObject(finding('empty-database'));
});

test('a vault that refuses half-way leaves no dump and no base backup running', async () => {
  await using place = await shelf();
  const full = finding('vault-refused');
  expect(await failure(postgresDump().backup(shop(), refusing('database.dump.zst', place)))).toMatchObject(
    full,
  );
  await leftAlone();
  expect(await failure(postgresBaseBackup().backup(source(), refusing('base.tar', place)))).toMatchObject(
    full,
  );
  await leftAlone();
});

test('a server that is killed half-way through a dump or its restore is a finding, and runs again', async () => {
  await using place = await shelf();
  const artifact = place.opened(await postgresDump().backup(shop(), place.deposit));
  const kill = async (): Promise<void> => {
    const { node, id } = await swarm.taskContainer(database.service);
    await node.docker.getContainer(id).kill();
  };
  const put = async (file: string, content: Readable): Promise<void> => {
    if (file === 'database.dump.zst') await kill();
    for await (const _chunk of content);
  };
  expect(await failure(postgresDump().backup(shop(), { ...place.deposit, put }))).toMatchObject(
    finding('interrupted'),
  );
  await swarm.converged();
  const open = (file: string): Readable =>
    file === 'database.dump.zst'
      ? (artifact.open(file).compose(async function* (chunks: AsyncIterable<Buffer>) {
          let count = 0;
          for await (const chunk of chunks) {
            if (++count === 2) await kill();
            yield chunk;
          }
        }) as unknown as Readable)
      : artifact.open(file);
  expect(await failure(postgresDump().restore({ ...artifact, open }, shop('fresh')))).toMatchObject(
    finding('interrupted'),
  );
  await swarm.converged();
  expect(await sql('SELECT count(*) FROM receipts', 'shop')).toBe('32');
});

/** A base, two keepings of WAL after it, and moments between the writes. */
interface History {
  readonly base: ArtifactReader;
  readonly wal: readonly ArtifactReader[];
  readonly before: string;
  readonly between: string;
}

let history: History;
const now = (): Promise<string> =>
  sql(`SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);

async function kept<S, T, R>(method: Method<S, T, R>, from: S): Promise<ArtifactReader> {
  const place = await shelf();
  scope.defer('remove the shelf', async () => place[Symbol.asyncDispose]());
  return place.opened(await method.backup(from, place.deposit));
}

/** WAL as it was kept, in a volume of its own. */
async function archiveFor(name: string): Promise<Volume> {
  for (const artifact of history.wal) await postgresWalArchive().restore(artifact, volume(name));
  return volume(name);
}

const inVolume = async ({ node, name }: Volume, script: string): Promise<string> => {
  const argv = ['sh', '-euc', `cd /volume\n${script}`];
  const ended = await runSidecar(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv,
    volumes: { [name]: '/volume' },
  });
  return outputOrThrow('sh', node, 'test', ended);
};

test('a base and WAL that was kept twice bring the server to a named time, and not further', async () => {
  const archive = { ...source(), archive: '/archive' };
  const before = await now();
  await sql('TRUNCATE marks; INSERT INTO marks VALUES (10)');
  const base = await kept(postgresPointInTime(), source());
  await sql('INSERT INTO marks VALUES (11)');
  const from = await readWalPosition(source());
  const first = await kept(postgresWalArchive(), archive);
  for (const id of [12, 13, 14])
    await sql(`INSERT INTO marks VALUES (${id}); UPDATE bulk SET md5 = md5(md5) WHERE i % 50 = 0`);
  await sql('INSERT INTO marks VALUES (15)');
  const between = await now();
  await sql('INSERT INTO marks VALUES (16)');
  const second = await kept(postgresWalArchive(), { ...archive, from });
  history = { base, wal: [first, second], before, between };

  await lose('pg_data', 'pg_archive');
  await archiveFor('pg_archive');
  const { lastTransaction } = await postgresPointInTime().restore(base, {
    ...volume('pg_data'),
    archive: 'pg_archive',
    to: between,
  });
  expect(lastTransaction?.localeCompare(between)).toBe(-1);
  await deploy();
  expect(await sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM marks")).toBe('10 11 12 13 14 15');
  expect(await sql('SHOW recovery_target_time')).toBe('');
  await sql('INSERT INTO marks VALUES (20)');
  // The promoted server archives on, on a timeline of its own.
  expect((await kept(postgresWalArchive(), archive)).metadata['last']).toMatch(/^00000002/);
});

/** What comes of a restore to `to`, into a volume that no service knows, with an archive that was harmed. */
async function attempt(to: string, harm = 'true'): Promise<unknown> {
  const archive = await archiveFor('try-archive');
  await inVolume(archive, harm);
  try {
    return await postgresPointInTime()
      .restore(history.base, { ...volume('try-data'), archive: archive.name, to })
      .catch((error: unknown) => error);
  } finally {
    await archive.node.exec(['docker', 'volume', 'rm', '--force', 'try-data', archive.name]);
  }
}

/** The name of the first segment after the base's own. */
const segmentAfter = ({ metadata: claim }: ArtifactReader): string =>
  nextSegment(claim['lastSegment'] ?? '', Number(claim['segmentBytes']));

const segmentInTheMiddle = (): string =>
  nextSegment(segmentAfter(history.base), Number(history.base.metadata['segmentBytes']));

test('WAL that does not come whole leaves the archive as it was, with what was kept earlier', async () => {
  const [first, second] = history.wal as [ArtifactReader, ArtifactReader];
  const archive = volume('half-archive');
  await postgresWalArchive().restore(first, archive);
  const sums = 'find . -type f | sort | xargs sha256sum';
  const before = await inVolume(archive, sums);
  const cut = broken(second, 'wal.tar', 1.5 * 2 ** 20);
  expect(await failure(postgresWalArchive().restore(cut, archive))).toMatchObject(
    finding('artifact-unreadable'),
  );
  expect(await inVolume(archive, sums)).toBe(before);
  expect(await inVolume(archive, 'find . -name "*incoming*"')).toBe('');
  await postgresWalArchive().restore(second, archive);
  expect(await inVolume(archive, 'ls -A')).toContain(second.metadata['last']);
  await archive.node.exec(['docker', 'volume', 'rm', archive.name]);
});

test('a segment that is missing in the middle is named, with the time up to which one could recover; and one can', async () => {
  const missing = segmentInTheMiddle();
  const gap = (await attempt(history.between, `rm ${missing}`)) as DrillError;
  expect(gap).toMatchObject(finding('wal-gap'));
  expect(gap.message).toContain(`archived WAL: segment ${missing} is missing`);
  const [, furthest = ''] = /recovery is possible up to (\S+)$/.exec(gap.message) ?? [];
  expect(furthest.localeCompare(history.between)).toBe(-1);
  expect(await attempt('latest', `rm ${missing}`)).toMatchObject(finding('wal-gap'));
  expect(await attempt(history.between, `truncate -s 500K ${missing}`)).toMatchObject(finding('wal-gap'));
  expect(await attempt(furthest, `rm ${missing}`)).toEqual({ lastTransaction: furthest });
  // With nothing after the base, it is the base.
  const nothing = (await attempt(history.between, `rm ${segmentAfter(history.base)}`)) as DrillError;
  expect(nothing.message).toContain(`recovery is possible up to ${history.base.metadata['ended']}`);
  expect(await attempt(history.base.metadata['ended'] ?? '', `rm ${segmentAfter(history.base)}`)).toEqual({
    lastTransaction: undefined,
  });
});

test('a flipped bit in a segment is a finding in the words of pg_waldump', async () => {
  const flip = `printf '\\377\\377\\377\\377' | dd of=${segmentInTheMiddle()} bs=1 seek=524288 conv=notrunc`;
  expect(await attempt(history.between, flip)).toMatchObject({
    ...finding('wal-damaged'),
    output: expect.stringMatching(/pg_waldump: error: error in WAL record at/),
    hint: expect.stringMatching(/Name a time up to \d{4}/),
  });
});

test('a time that the backup does not hold is refused before anything is restored', async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const ends = (await attempt(later)) as DrillError;
  expect(ends).toMatchObject(finding('wal-ends'));
  expect(ends.message).toContain(`ends with segment ${history.wal[1]?.metadata['last']}`);
  expect(await attempt(history.between, 'rm 0*')).toMatchObject(finding('wal-ends'));
  expect(await attempt(history.before)).toMatchObject(finding('target-before-base'));
  expect(await attempt('2026-11-23 02:15')).toMatchObject({ blame: 'usage' });
  const nowhere = { ...volume('try-data'), archive: 'nowhere', to: 'latest' };
  expect(await failure(postgresPointInTime().restore(history.base, nowhere))).toMatchObject(
    finding('no-volume'),
  );
});

test('latest is the end of the archived WAL; what the base needs of it is in the base', async () => {
  const { lastTransaction } = (await attempt(
    'latest',
    `rm ${history.base.metadata['lastSegment']}`,
  )) as PointInTimeResult;
  expect(lastTransaction?.localeCompare(history.wal[1]?.metadata['until'] ?? '')).toBe(1);
});

test('a server that does not archive, or does not run, is a finding', async () => {
  const archive = { ...source(), archive: '/archive' };
  const keepWal = (from = archive) =>
    shelf().then((place) => failure(postgresWalArchive().backup(from, place.deposit)));
  expect(await keepWal({ ...archive, archive: '/tmp' })).toMatchObject(finding('no-volume'));

  await inVolume(volume('pg_archive'), 'chown 0:0 .');
  expect(await keepWal()).toMatchObject({
    ...finding('not-archived'),
    output: expect.stringContaining('cp: cannot create regular file'),
    message: expect.stringMatching(/archive_command failed \d+ times for 0000000/),
  });
  await inVolume(volume('pg_archive'), 'chown 999:999 .');

  const manager = await swarm.manager();
  const update = (...options: string[]) =>
    manager.exec(['docker', 'service', 'update', '--detach=false', ...options, database.service]);
  await update('--args', 'postgres -c archive_mode=off');
  expect(await keepWal()).toMatchObject(finding('archiving-off'));
  await update('--replicas', '0');
  await using place = await shelf();
  for (const method of [postgresDump(), postgresBaseBackup(), postgresPointInTime()])
    expect(await failure(method.backup(source(), place.deposit))).toMatchObject(finding('not-running'));
  expect(
    await failure(postgresDump().restore(place.opened({ service: 'pg_db', database: 'postgres' }), source())),
  ).toMatchObject(finding('not-running'));
});
