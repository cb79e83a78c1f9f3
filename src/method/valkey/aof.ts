// Valkey or Redis as its append-only files: base, increments and the manifest that names them, copied as one set while the server does
// not rewrite them.
import type { Method } from '../../model/method.ts';
import { seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import { fillDirectory, packFiles } from '../container/data-directory.ts';
import { waitForServer } from '../container/server-log.ts';
import { execInTask } from '../container/task.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import { defineMethod } from '../define.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import { typedInContainer } from '../container/typed.ts';
import type { Volume } from '../container/volume.ts';
import { aofEnd, cutAtEnd } from './aof-end.ts';
import { countToEnd, parseManifest } from './aof-set.ts';
import { forgetSetting, readPendingSetting, rememberSetting, requireNoUpdate } from './pending-setting.ts';
import {
  DATA_ONLY,
  describeServer,
  keyValueMetadata,
  openKeyValueClient,
  WRITE_LIMIT,
  type KeyValueService,
  type ServiceClient,
} from './service.ts';
import { backUpSettings, restoreSettings } from './settings-files.ts';
import { verifyLoad, type LoadedKeys } from './verify-load.ts';

const AOF = 'aof.tar';
const REWRITES = 'auto-aof-rewrite-percentage';
const OFF = '0';
const NOT_RESTORED = 'rewrites-off';

/** Copies the append-only files of the running server. Restores into the volume that the service is going to use, before it starts. */
export const valkeyAof = (): Method<KeyValueService, Volume, LoadedKeys> =>
  defineMethod({
    name: 'valkey aof',
    limits: [
      { sentence: 'anything written after its files were read' },
      DATA_ONLY,
      { sentence: 'a server older than 7, whose AOF is one file without a manifest' },
    ],
    metadata: keyValueMetadata.extend({ end: aofEnd }),

    async backup(service, artifact) {
      const client = await openKeyValueClient(service);
      const server = await describeServer(client);
      const { dir, path, appendonly, appenddirname, appendfilename } = server;
      const { task } = client;
      if (appendonly !== 'yes')
        throw finding(`${service.service}: the server keeps no AOF (appendonly is ${appendonly})`, {
          code: 'aof-off',
          hint: 'Start it with appendonly yes, or back it up as an RDB snapshot.',
        });
      const manifest = `${appenddirname}/${appendfilename}.manifest`;
      const readManifest = async (): Promise<string> =>
        (await execInTask(task, ['cat', `${dir}/${manifest}`], { code: 'no-manifest' })).output;

      const volume = { swarm: service.swarm, node: task.node, name: server.volume };
      const held = await withoutRewrites(service, client, async () => {
        const before = await readManifest();
        const set = parseManifest(before);
        const { contents, end } = await step('find the end of the set', () =>
          countToEnd(client, `${dir}/${appenddirname}`, set),
        );
        const files = [manifest, ...set.map(({ name }) => `${appenddirname}/${name}`)];
        const tar = await step('copy the set', () =>
          packFiles(volume, path, files, (stdout) => artifact.put(AOF, stdout)),
        );
        // The last file grows while it is copied. The part that it had when tar read it is complete.
        const hasGrown = tar.stderr
          .split('\n')
          .every((line) => line === '' || line.endsWith('file changed as we read it'));
        outputOrThrow(
          'tar',
          task.node,
          'tar-failed',
          tar.exitCode === 1 && hasGrown ? { ...tar, exitCode: 0 } : tar,
        );
        if ((await readManifest()) !== before)
          throw finding(`${service.service}: the AOF was rewritten while it was copied`, {
            code: 'aof-moved',
            hint: 'Find out which client sends BGREWRITEAOF, and repeat the backup.',
          });
        return { contents, changes: 0, end };
      });
      await backUpSettings(volume, server, artifact);
      return { ...server, ...held };
    },

    restore: (artifact, volume) => {
      const { metadata } = artifact;
      return restoreIntoEmptyVolume(volume, metadata, async () => {
        await step(
          'unpack the set',
          () => fillDirectory(volume, metadata, artifact.open(AOF)),
          typedInContainer(volume, {
            at: '/volume',
            image: '<image with tar>',
            argv: ['tar', '--extract', '--same-permissions', '--directory', `/volume/${metadata.path}`],
            input: 'aof.tar',
          }),
        );
        await cutAtEnd(volume, `${metadata.path}/${metadata.appenddirname}`, metadata.end);
        await restoreSettings(volume, metadata, artifact);
        return verifyLoad(volume, metadata, 'yes');
      });
    },
  });

/** Runs `body` while the server begins no rewrite by itself, then restores the setting. @throws DrillError also `rewrites-off` */
async function withoutRewrites<T>(
  service: KeyValueService,
  client: ServiceClient,
  body: () => Promise<T>,
): Promise<T> {
  await requireNoUpdate(service);
  const { [REWRITES]: now = '100' } = await client.settings(REWRITES);
  const { run_id: run = '' } = await client.info('server');
  const before = now === OFF ? ((await readPendingSetting(service, run)) ?? now) : now;
  return withCleanup(
    async () => {
      await rememberSetting(service, { run, value: before });
      await client.send(['CONFIG', 'SET', REWRITES, OFF]);
      await step('wait for a rewrite to end', () => waitForRewrite(client));
      return body();
    },
    async () => {
      await restoreSetting(client, before);
      await forgetSetting(service);
    },
    { code: NOT_RESTORED, limit: seconds(120) },
  );
}

const waitForRewrite = (client: ServiceClient): Promise<unknown> =>
  waitForServer(
    client.task,
    'the rewrite of the AOF',
    async () => {
      const { aof_rewrite_in_progress, aof_rewrite_scheduled } = await client.info('persistence');
      return aof_rewrite_in_progress === '0' && aof_rewrite_scheduled === '0'
        ? { done: true }
        : { notYet: 'the server is writing it' };
    },
    { limit: WRITE_LIMIT, code: 'rewrite-not-over' },
  );

async function restoreSetting(client: ServiceClient, value: string): Promise<void> {
  try {
    await client.send(['CONFIG', 'SET', REWRITES, value]);
  } catch (cause) {
    // A server that was stopped has lost the change by itself.
    if (cause instanceof DrillError && cause.code === 'interrupted') return;
    throw finding(`${client.task.service}: ${REWRITES} could not be restored to ${value}`, {
      code: NOT_RESTORED,
      node: client.task.node.name,
      hint: `Send CONFIG SET ${REWRITES} ${value} yourself, or the AOF keeps growing. The next backup also does it.`,
      cause,
    });
  }
}
