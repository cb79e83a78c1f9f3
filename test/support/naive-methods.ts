// Backup methods that end with success and don't restore everything, as scripts on the web have them. They are methods like any other,
// so that a drill runs them; what they lack is what a method here checks by itself.
import { Readable } from 'node:stream';
import type { Method } from '../../src/model/method.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { PostgresService } from '../../src/method/postgres/service.ts';
import { openKeyValueClient, type KeyValueService } from '../../src/method/valkey/service.ts';

const FILE = 'helper.tar.zst';

/**
 * `docker run --rm -v NAME:/data … tar`: the engine creates a volume that does not exist.
 * @param what what tar packs: `.`, or `*` (as the shell expands it) for everything but the root directory
 */
export const helperTar = (
  what: '.' | '*',
  extract: readonly string[] = ['--same-owner'],
): Method<Volume, Volume, void> => ({
  name: `tar of ${what} in a helper`,
  limits: [],
  loses: [],
  async backup({ node, name }, { pipeFrom }) {
    const argv = ['sh', '-c', `cd /data && tar --create ${what}`];
    await pipeFrom(FILE, { node, argv, volumes: { [name]: '/data' } });
    return {};
  },
  restore: (artifact, { node, name }) =>
    artifact.pipeTo(FILE, {
      node,
      argv: ['tar', '--extract', '--directory', '/data', ...extract],
      volumes: { [name]: '/data' },
    }),
});

const DUMP = 'dump.sql.zst';

/** `pg_dump`, restored with psql: it reports errors, goes on, and ends with exit code 0. */
export const plainDump = (): Method<PostgresService, PostgresService, void> => ({
  name: 'pg_dump without roles',
  limits: [],
  loses: [],
  async backup({ swarm, service, user, database }, { put }) {
    const argv = ['pg_dump', '--username', user, database];
    await put(DUMP, Readable.from([await swarm.execInTask(service, argv, { user: 'postgres' })]));
    return {};
  },
  async restore(artifact, { swarm, service, user, database }) {
    const argv = ['psql', '--quiet', '--username', user, '--dbname', database];
    await swarm.execInTask(service, argv, { user: 'postgres', input: artifact.open(DUMP) });
  },
});

const RDB = 'dump.rdb';

/** `SAVE`, and dump.rdb copied there and back. */
export const copiedSnapshot = (): Method<KeyValueService, Volume, void> => ({
  name: 'dump.rdb copied',
  limits: [],
  loses: [],
  async backup(service, { put }) {
    const client = await openKeyValueClient(service);
    await client.send(['SAVE']);
    const { node, id } = await service.swarm.taskContainer(service.service);
    const running = await node.engine.containers.startProcess(id, ['cat', `/data/${RDB}`]);
    await put(RDB, running.io);
    return {};
  },
  restore: (artifact, { node, name }) =>
    artifact.pipeTo(RDB, {
      node,
      argv: ['sh', '-c', `cat >/data/${RDB}; chown 999:999 /data /data/${RDB}`],
      volumes: { [name]: '/data' },
    }),
});

const EARLY = 'early.tar.zst';
const LATE = 'late.tar.zst';

/**
 * A copy of the data directory of a running server, which takes a while: the files of one table are read first. Before the rest is
 * read, `work` goes on and the server writes a checkpoint, as it does every few minutes.
 */
export const tornCopy = (
  table: string,
  service: PostgresService,
  work: () => Promise<void>,
): Method<Volume, Volume, void> => {
  const ask = async (sql: string): Promise<string> =>
    service.swarm.execInTask(
      service.service,
      ['psql', '-XAtq', '--username', service.user, '--dbname', service.database, '--command', sql],
      { user: 'postgres' },
    );
  return {
    name: 'copy of the files',
    limits: [],
    loses: [],
    async backup({ node, name }, { pipeFrom }) {
      const files = await ask(
        `SELECT pg_relation_filepath(oid) FROM pg_class WHERE oid = '${table}'::regclass
         UNION SELECT pg_relation_filepath(indexrelid) FROM pg_index WHERE indrelid = '${table}'::regclass`,
      );
      const early = files.trim().split('\n');
      const volumes = { [name]: '/data:ro' };
      await ask('CHECKPOINT');
      const tar = (options: string): string[] => ['sh', '-c', `cd /data; tar --create ${options} || true`];
      await pipeFrom(EARLY, { node, argv: tar(early.join(' ')), volumes });
      await work();
      await ask('CHECKPOINT');
      const others = early.map((file) => `--exclude=./${file}`).join(' ');
      await pipeFrom(LATE, { node, argv: tar(`${others} .`), volumes });
      return {};
    },
    async restore(artifact, { node, name }) {
      for (const file of [EARLY, LATE])
        await artifact.pipeTo(file, {
          node,
          argv: ['tar', '--extract', '--directory', '/data', '--same-owner', '--same-permissions'],
          volumes: { [name]: '/data' },
        });
    },
  };
};
