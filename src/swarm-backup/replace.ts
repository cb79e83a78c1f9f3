// Puts a backup in the place of the swarm directory, one step at a time; `undoOperation` of intent-log.ts undoes each of them.
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { DrillError, finding } from '../support/errors.ts';
import { runLinked } from '../support/linked-streams.ts';
import { step, typed } from '../support/trace.ts';
import { AUTOLOCK } from '../swarm/autolock.ts';
import { forceCommand, forceInitialisation } from '../swarm/membership.ts';
import { ENGINE_LIMIT, type Manager, START_ENGINE, STOP_ENGINE, SWARM } from './engine/manager.ts';
import { unlockSwarm, waitUntilManaging } from './engine/probe.ts';
import type { Manifest } from './file/manifest.ts';
import { proveLocked, sealAgain } from './autolock/seal-again.ts';
import { writeUnsealedKey } from './autolock/unsealed-copy.ts';
import { ENGINE_STATE } from './file/node-key.ts';
import { readSwarmFile } from './file/read.ts';
import type { OpeningKey } from './file/seal.ts';
import type { SwarmFileSource } from './file/target.ts';
import { addEntry } from './file/write.ts';
import { type Operation, writeIntentLog } from './intent-log.ts';
import { restoreSnapshotInterval } from './raft-snapshot.ts';
import type { RestoreStrategy } from './preflight/restore.ts';

export interface OpenableFile {
  readonly source: SwarmFileSource;
  readonly openWith: OpeningKey;
}
export type RestoreOperation = Extract<Operation, { what: 'restore' }>;

/** Unpacks the copy while the engine still runs: a full disk, or a file that has changed since it was checked, does no harm. */
export async function unpackToStaging(
  manager: Manager,
  { source, openWith }: OpenableFile,
  staging: string,
  strategy: RestoreStrategy,
): Promise<void> {
  const packed = pack();
  await runLinked(
    async (signal) => {
      signal.addEventListener('abort', () => packed.destroy(signal.reason as Error));
      await readSwarmFile(source, openWith, async (fact, content) => {
        // With this file an engine first looks for its peers; a forced initialisation writes it again.
        if (fact.path === ENGINE_STATE && strategy.by !== 'unlock key') {
          for await (const _chunk of content);
        } else await addEntry(packed, fact, fact.path.replace(SWARM, staging), content, signal);
      });
      packed.finalize();
    },
    () => manager.root.unpack(staging, Readable.from(packed)),
  );
}

/**
 * By hand, nothing has to be unpacked before the engine stops. Where a new cluster is forced, docker-state.json stays out: with it, the
 * engine first looks for its peers.
 * @param root the engine's data root
 */
const unpackCommand = (root: string, { by }: RestoreStrategy): string =>
  [
    `age -d -i <identity file> swarm.age | zstd -d | tar -x -p -C ${root}`,
    ...(by === 'unlock key' ? [] : [`--exclude ${SWARM}/docker-state.json`]),
    SWARM,
  ].join(' ');

/** No command of Docker, OpenSSL or another common tool takes this key: its passphrase is binary. */
const UNSEAL_COMMAND = '# swarm-drill swarm restore does this; docs/autolocked-swarms.md says what it writes';

/** Exchanges the directories while the engine is stopped. */
export async function swapDirectories(
  manager: Manager,
  operation: RestoreOperation,
  strategy: RestoreStrategy,
): Promise<void> {
  const { root } = manager;
  const { previous, staging } = operation;
  const unsealed = strategy.by === 'unsealed key';
  await writeIntentLog(root, { operation: { ...operation, engine: true, ...(unsealed && { unsealed }) } });
  await step('stop the engine', () => manager.stop(), typed(manager, STOP_ENGINE));
  await step(
    'set the old swarm directory aside',
    async () => {
      if (await root.has(SWARM)) await root.move(SWARM, previous);
      else await root.makeDirectory(previous);
    },
    typed(manager, `mv ${root.path}/${SWARM} ${root.path}/${previous}`),
  );
  await step(
    'put the copy in its place',
    () => root.move(staging, SWARM),
    typed(manager, unpackCommand(root.path, strategy)),
  );
  // Last, so that it is on the disk as shortly as possible: the manager seals it again as soon as it has read its raft log.
  if (strategy.by === 'unsealed key')
    await step(
      'write the unsealed node key',
      () => writeUnsealedKey(root, strategy.sealedKey, strategy.unlockKey),
      typed(manager, UNSEAL_COMMAND),
    );
  await step('start the engine', () => manager.start(), typed(manager, START_ENGINE));
}

/**
 * Makes the node a manager of the restored swarm.
 * @returns the new unlock key if the node key was unsealed
 * @throws DrillError `state-refused`, `wrong-unlock-key`, `not-sealed`
 */
export async function restartSwarm(
  manager: Manager,
  { init, node, raftIndex }: Manifest,
  strategy: RestoreStrategy,
): Promise<string | undefined> {
  // A forced initialisation sets autolock to what its request says. While it is on, the manager seals its key file at once, with the
  // old unlock key, which is in raft.
  const locked = strategy.by === 'unsealed key' && AUTOLOCK;
  const request = { ...init, Spec: { ...init.Spec, ...locked } };
  if (strategy.by === 'unlock key')
    // The command asks for the key.
    await step(
      'unlock the swarm',
      () => unlockSwarm(manager, strategy.unlockKey),
      typed(manager, 'docker swarm unlock'),
    );
  else
    await step(
      'force a new cluster',
      async () => {
        try {
          await forceInitialisation(manager.engine.withLimit(ENGINE_LIMIT), request);
        } catch (cause) {
          if (cause instanceof DrillError) throw cause;
          throw finding('the engine refused to create a swarm from the backup', {
            code: 'state-refused',
            cause,
          });
        }
      },
      typed(manager, `${forceCommand(init.AdvertiseAddr)}${locked ? ' --autolock' : ''}`),
    );
  await step('wait for the manager', () => waitUntilManaging(manager, node.id, 'finding'));
  const interval = init.Spec.Raft?.SnapshotInterval;
  // The copy may end between the two changes that the backup's raft snapshot needs.
  if (raftIndex !== undefined && interval !== undefined)
    await restoreSnapshotInterval(manager.engine, interval);
  if (strategy.by !== 'unsealed key') return undefined;
  const newKey = await step('lock the swarm again', () => sealAgain(manager));
  await step('prove that it is locked', () => proveLocked(manager, node.id, newKey));
  return newKey;
}
