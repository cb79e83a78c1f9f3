// Valkey or Redis as one file: a snapshot that the server itself writes. Where the service keeps an AOF, a snapshot that is only put
// beside it is ignored; so a server loads it first, and writes the AOF that the service will load.
import { step } from '../../support/trace.ts';
import { fill, restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { waitForServer } from '../container/server-log.ts';
import { execInTask } from '../container/task.ts';
import {
  agreed,
  claimOf,
  proveLoaded,
  keyValueServer,
  WRITING,
  type ServiceServer,
  type KeyValueService,
  type Loaded,
} from './server.ts';
import type { Volume } from '../container/volume.ts';

const RDB = 'dump.rdb';

export const valkeyRdb: Method<KeyValueService, Volume, Loaded> = {
  name: 'RDB snapshot',
  cannotHold: [
    'anything written after the snapshot began',
    'settings, users and modules of the server: they are in its command, its files and its image',
    'a server older than the one that wrote it',
  ],

  loses: [],

  async backup(service, { put }) {
    const server = await keyValueServer(service);
    const claim = await claimOf(server);
    await step('write a snapshot', () => save(server));
    // The server replaces the file by renaming another; what was opened once stays whole.
    await execInTask(server.task, ['cat', `${claim.dir}/${claim.dbfilename}`], {
      read: (stdout) => put(RDB, stdout),
      code: 'no-snapshot',
    });
    return claim;
  },

  restore: (artifact, volume) => {
    const { metadata: claim } = artifact;
    return restoreIntoEmptyVolume(volume, claim, async () => {
      const write = ['dd', `of=${claim['dbfilename']}`, 'bs=1M', 'status=none'];
      await step('put the snapshot there', () => fill(volume, claim, artifact.open(RDB), write));
      return proveLoaded(volume, claim, 'no', async (server, until) => {
        if (claim['appendonly'] !== 'yes') return;
        await server.ask(['CONFIG', 'SET', 'appendonly', 'yes']);
        await until('the server to write its AOF', async () => {
          const { aof_rewrite_in_progress, aof_rewrite_scheduled, aof_last_bgrewrite_status } =
            await server.info('persistence');
          if (aof_rewrite_in_progress !== '0' || aof_rewrite_scheduled !== '0')
            return { notYet: 'it is writing' };
          return aof_last_bgrewrite_status === 'ok'
            ? { done: true }
            : { giveUp: `its last rewrite ended with ${aof_last_bgrewrite_status}` };
        });
      });
    });
  },
};

async function save(server: ServiceServer): Promise<void> {
  const { rdb_saves: before = '0' } = await server.info('persistence');
  await agreed(server, 'BGSAVE');
  await waitForServer(
    server.task,
    'the snapshot',
    async () => {
      const now = await server.info('persistence');
      if (now['rdb_bgsave_in_progress'] !== '0') return { notYet: 'the server is writing it' };
      // LASTSAVE knows whole seconds alone: two snapshots within one look like none.
      return now['rdb_last_bgsave_status'] === 'ok' && Number(now['rdb_saves']) > Number(before)
        ? { done: true }
        : { giveUp: `the server's last save ended with ${now['rdb_last_bgsave_status']}` };
    },
    { limit: WRITING, code: 'save-failed' },
  );
}
