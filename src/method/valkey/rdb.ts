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
import type { Volume } from '../container/volume.ts';
import type { KeyValueClient } from './client.ts';
import {
  DATA_ONLY,
  describeServer,
  keyValueMetadata,
  openKeyValueClient,
  sendWhenIdle,
  WRITE_LIMIT,
  type KeyValueService,
  type ServiceClient,
} from './service.ts';
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

    async backup(service, { put }) {
      const client = await openKeyValueClient(service);
      const metadata = await describeServer(client);
      await step('write a snapshot', () => saveSnapshot(client));
      // The server replaces the file by renaming another one. An open file stays complete.
      await execInTask(client.task, ['cat', `${metadata.dir}/${metadata.dbfilename}`], {
        read: (stdout) => put(RDB, stdout),
        code: 'no-snapshot',
      });
      return metadata;
    },

    restore: (artifact, volume) => {
      const { metadata } = artifact;
      return restoreIntoEmptyVolume(volume, metadata, async () => {
        const write = ['dd', `of=${metadata.dbfilename}`, 'bs=1M', 'status=none'];
        await step('write the snapshot', () => fillDirectory(volume, metadata, artifact.open(RDB), write));
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

async function saveSnapshot(client: ServiceClient): Promise<void> {
  const { rdb_saves: before = '0' } = await client.info('persistence');
  await sendWhenIdle(client, 'BGSAVE');
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
}
