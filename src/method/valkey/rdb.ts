// Valkey or Redis as one file: a snapshot that the server writes. A service that keeps an AOF ignores a snapshot in its directory, so
// a restore has a server load it first and write the AOF that the service will load.
import type { Method } from '../../model/method.ts';
import { step } from '../../support/trace.ts';
import { fillDirectory } from '../container/data-directory.ts';
import { waitForServer } from '../container/server-log.ts';
import { execInTask } from '../container/task.ts';
import type { SidecarServer } from '../container/sidecar.ts';
import { defineMethod } from '../define.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import { typedInContainer } from '../container/typed.ts';
import type { Volume } from '../container/volume.ts';
import { parseInfo, type KeyValueClient } from './client.ts';
import { COUNT, parseCount, type KeyValueContents } from './contents.ts';
import {
  DATA_ONLY,
  describeServer,
  keyValueMetadata,
  openKeyValueClient,
  whenIdle,
  WRITE_LIMIT,
  type KeyValueService,
  type ServiceClient,
} from './service.ts';
import { backUpSettings, restoreSettings } from './settings-files.ts';
import { verifyLoad, type LoadedKeys } from './verify-load.ts';

const RDB = 'dump.rdb';

/** Has the running server write a snapshot. Restores into the volume that the service is going to use, before it starts. */
export const valkeyRdb = (): Method<KeyValueService, Volume, LoadedKeys> =>
  defineMethod({
    name: 'valkey rdb',
    limits: [
      { sentence: 'anything written after the snapshot began' },
      DATA_ONLY,
      { sentence: 'a server older than the one that wrote it' },
    ],
    metadata: keyValueMetadata,

    async backup(service, artifact) {
      const client = await openKeyValueClient(service);
      const { task } = client;
      const server = await describeServer(client);
      const held = await step('write a snapshot', () => saveSnapshot(client));
      // The server replaces the file by renaming another one. An open file stays complete.
      await execInTask(task, ['cat', `${server.dir}/${server.dbfilename}`], {
        read: (stdout) => artifact.put(RDB, stdout),
        code: 'no-snapshot',
      });
      await backUpSettings({ swarm: service.swarm, node: task.node, name: server.volume }, server, artifact);
      return { ...server, ...held };
    },

    restore: (artifact, volume) => {
      const { metadata } = artifact;
      return restoreIntoEmptyVolume(volume, metadata, async () => {
        const write = ['dd', `of=${metadata.dbfilename}`, 'bs=1M', 'status=none'];
        await step(
          'write the snapshot',
          () => fillDirectory(volume, metadata, artifact.open(RDB), write),
          typedInContainer(volume, {
            at: '/volume',
            image: '<image>',
            argv: ['dd', `of=/volume/${metadata.path}${metadata.path && '/'}${metadata.dbfilename}`, 'bs=1M'],
            input: 'dump.rdb',
          }),
        );
        await restoreSettings(volume, metadata, artifact);
        return verifyLoad(volume, metadata, 'no', async (client, until) => {
          if (metadata.appendonly === 'yes') await writeAof(client, until);
        });
      });
    },
  });

async function writeAof(client: KeyValueClient, until: SidecarServer['until']): Promise<void> {
  await client.send(['CONFIG', 'SET', 'appendonly', 'yes']);
  await until('the server to write its AOF', async () => {
    const { aof_rewrite_in_progress, aof_rewrite_scheduled, aof_last_bgrewrite_status } =
      await client.info('persistence');
    if (aof_rewrite_in_progress !== '0' || aof_rewrite_scheduled !== '0')
      return { notYet: 'the server is writing it' };
    return aof_last_bgrewrite_status === 'ok'
      ? { done: true }
      : { giveUp: `its last rewrite ended with ${aof_last_bgrewrite_status}` };
  });
}

interface Snapshot {
  readonly contents: KeyValueContents;
  readonly changes: number;
}

/**
 * Begins a snapshot, and counts what the server holds just before it. In a transaction the server would begin it only later, so that
 * another client may come in between: how much was changed is part of the result.
 */
async function beginSnapshot(client: ServiceClient): Promise<Snapshot> {
  const [before = [], , after = []] = await client.transactions(
    [...COUNT, ...CHANGES],
    [['BGSAVE']],
    CHANGES,
  );
  const { contents, replies } = parseCount(before);
  return { contents, changes: sumOf(after) - sumOf(replies) };
}

/** A running snapshot does not set back the number of changes since the last one; it is over in the next tenth of a second at the earliest. */
const CHANGES = [
  ['INFO', 'persistence'],
  ['INFO', 'stats'],
];

function sumOf(replies: readonly unknown[]): number {
  const fields = Object.assign({}, ...replies.map((text) => parseInfo(String(text)))) as Record<
    string,
    string
  >;
  const names = ['rdb_changes_since_last_save', 'expired_keys', 'evicted_keys'];
  return names.reduce((sum, name) => sum + Number(fields[name] ?? 0), 0);
}

/** Returns what the server held when it began to write the snapshot. */
async function saveSnapshot(client: ServiceClient): Promise<Snapshot> {
  const { rdb_saves: before = '0' } = await client.info('persistence');
  const snapshot = await whenIdle('BGSAVE', () => beginSnapshot(client));
  await waitForServer(
    client.task,
    'the snapshot',
    async () => {
      const { rdb_bgsave_in_progress, rdb_last_bgsave_status, rdb_saves } = await client.info('persistence');
      if (rdb_bgsave_in_progress !== '0') return { notYet: 'the server is writing it' };
      // LASTSAVE has a precision of one second: two snapshots within a second look like none.
      return rdb_last_bgsave_status === 'ok' && Number(rdb_saves) > Number(before)
        ? { done: true }
        : { giveUp: `the server's last save ended with ${rdb_last_bgsave_status}` };
    },
    { limit: WRITE_LIMIT, code: 'save-failed' },
  );
  return { ...snapshot, changes: Math.max(0, snapshot.changes) };
}
