// Valkey or Redis as its append-only files: base, increments and the manifest that names them, copied as one set while the server is
// held from rewriting them.
import { seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import { runSidecar, outputOrThrow } from '../container/sidecar.ts';
import { fill, restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { waitForServer } from '../container/server-log.ts';
import { execInTask } from '../container/task.ts';
import { owe, owedTo, paid } from './pending-setting.ts';
import {
  claimOf,
  proveLoaded,
  keyValueServer,
  WRITING,
  type ServiceServer,
  type KeyValueService,
  type Loaded,
} from './server.ts';
import type { Volume } from '../container/volume.ts';

const AOF = 'aof.tar';
const REWRITES = 'auto-aof-rewrite-percentage';
const OFF = '0';
const NOT_PUT_BACK = 'rewrites-off';

export const valkeyAof: Method<KeyValueService, Volume, Loaded> = {
  name: 'AOF set',
  cannotHold: [
    'anything written after its files were read',
    'settings, users and modules of the server: they are in its command, its files and its image',
    'a server older than 7, whose AOF is one file without a manifest',
  ],

  loses: [],

  async backup(service, { put }) {
    const server = await keyValueServer(service);
    const claim = await claimOf(server);
    if (claim.appendonly !== 'yes')
      throw finding(`the server of ${service.service} keeps no AOF: appendonly is ${claim.appendonly}`, {
        code: 'aof-off',
        hint: 'start it with appendonly yes, or take an RDB snapshot',
      });
    const directory = claim.appenddirname;
    const manifestName = `${claim.appendfilename}.manifest`;
    const readManifest = async (): Promise<string> =>
      (
        await execInTask(server.task, ['cat', `${claim.dir}/${directory}/${manifestName}`], {
          code: 'no-manifest',
        })
      ).output;

    await withoutRewrites(service, server, async () => {
      const manifest = await readManifest();
      const names = [manifestName, ...filesOf(manifest)].map((name) => `${directory}/${name}`);
      const place = `/volume/${claim['path'] ?? ''}`;
      const { node } = server.task;
      const tar = await step('copy the set', () =>
        runSidecar(
          node,
          {
            image: service.swarm.imageOf('toolbox'),
            user: '0:0',
            argv: ['tar', '--create', '--directory', place, '--numeric-owner', '--files-from=-'],
            volumes: { [claim['volume'] ?? '']: '/volume:ro' },
            input: names.join('\n'),
          },
          (stdout) => put(AOF, stdout),
        ),
      );
      // The last file grows on under the copy, and what it had when tar came to it is whole.
      const grown = tar.stderr
        .split('\n')
        .every((line) => line === '' || line.endsWith('file changed as we read it'));
      outputOrThrow('tar', node, 'tar-failed', tar.exitCode === 1 && grown ? { ...tar, exitCode: 0 } : tar);
      if ((await readManifest()) !== manifest)
        throw finding('somebody had the server rewrite its AOF while it was copied', {
          code: 'aof-moved',
          hint: 'see who sends BGREWRITEAOF, and take the backup again',
        });
    });
    return claim;
  },

  restore: (artifact, volume) =>
    restoreIntoEmptyVolume(volume, artifact.metadata, async () => {
      await step('unpack the set', () => fill(volume, artifact.metadata, artifact.open(AOF)));
      return proveLoaded(volume, artifact.metadata, 'yes');
    }),
};

/** Names in the manifest's lines: `file appendonly.aof.1.base.rdb seq 1 type b`, in quotes where they need some. */
const filesOf = (manifest: string): string[] =>
  [...manifest.matchAll(/^file (?:"((?:[^"\\]|\\.)+)"|(\S+)) seq /gm)].map(
    ([, inQuotes, bare]) => inQuotes ?? bare ?? '',
  );

/** Runs `body` while the server begins no rewrite by itself, and puts the setting back. @throws DrillError also `rewrites-off` */
async function withoutRewrites<T>(
  service: KeyValueService,
  server: ServiceServer,
  body: () => Promise<T>,
): Promise<T> {
  const { [REWRITES]: now = '100' } = await server.settings(REWRITES);
  const { run_id: run = '' } = await server.info('server');
  const before = now === OFF ? ((await owedTo(service, run)) ?? now) : now;
  return withCleanup(
    async () => {
      await owe(service, { run, value: before });
      await server.ask(['CONFIG', 'SET', REWRITES, OFF]);
      await step('wait for a rewrite to end', () => rewritten(server));
      return body();
    },
    async () => {
      await putBack(server, before);
      await paid(service);
    },
    { code: NOT_PUT_BACK, limit: seconds(120) },
  );
}

const rewritten = (server: ServiceServer): Promise<unknown> =>
  waitForServer(
    server.task,
    'the rewrite of the AOF',
    async () => {
      const { aof_rewrite_in_progress, aof_rewrite_scheduled } = await server.info('persistence');
      return aof_rewrite_in_progress === '0' && aof_rewrite_scheduled === '0'
        ? { done: true }
        : { notYet: 'the server is writing it' };
    },
    { limit: WRITING, code: 'rewrite-not-over' },
  );

async function putBack(server: ServiceServer, value: string): Promise<void> {
  try {
    await server.ask(['CONFIG', 'SET', REWRITES, value]);
  } catch (cause) {
    // A server that is gone has forgotten the change by itself.
    if (cause instanceof DrillError && cause.code === 'interrupted') return;
    throw finding(`${REWRITES} of ${server.task.service} could not be put back to ${value}`, {
      code: NOT_PUT_BACK,
      node: server.task.node.name,
      hint: `set it yourself, or its AOF grows without an end: CONFIG SET ${REWRITES} ${value}; the next backup does it, too`,
      cause,
    });
  }
}
