// Restores one manager from a swarm file, and puts the old state back when that fails.
import { buffer } from 'node:stream/consumers';
import { monotonic, utcNow } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { currentSignal, step } from '../support/trace.ts';
import { compareWithManifest } from './compare.ts';
import { type Manager, SWARM } from './engine/manager.ts';
import { type ManagerProbe, probeSwarm, type SwarmProbe } from './engine/probe.ts';
import { runShielded } from './engine/with-engine-stopped.ts';
import type { Manifest } from './file/manifest.ts';
import { KNOWN_MANAGERS, NODE_KEY } from './file/node-key.ts';
import { readSwarmFile } from './file/read.ts';
import { readIntentLog, recoverInterrupted, undoOperation, writeIntentLog } from './intent-log.ts';
import { requireOtherManagersGone } from './preflight/other-managers.ts';
import {
  chooseStrategy,
  preflightRestore,
  requireKeeper,
  type RestoreStrategy,
  strategyOf,
} from './preflight/restore.ts';
import {
  type OpenableFile,
  restartSwarm,
  type RestoreOperation,
  swapDirectories,
  unpackToStaging,
} from './replace.ts';

export interface RestoreRequest extends OpenableFile {
  /** Replace an existing swarm. */
  readonly yes: boolean;
  /** Restore a file again that is already restored, and lose what has changed since. */
  readonly force: boolean;
  readonly unlockKey?: string | undefined;
  /**
   * Takes the new unlock key that a swarm of several autolocked managers gets. Called once, before the restore counts as done. Left
   * out, such a file is refused: the key would be lost.
   */
  readonly keepUnlockKey?: ((key: string) => Promise<void>) | undefined;
}

export interface RestoreResult {
  readonly manifest: Manifest;
  /** The file was already restored, and nothing was done. */
  readonly alreadyRestored: boolean;
  readonly strategy: RestoreStrategy['by'];
  /** Whether the swarm has a new unlock key, which `keepUnlockKey` was called with. */
  readonly hasNewUnlockKey: boolean;
  /** Path of the old swarm directory; undefined when it was removed since. */
  readonly previous: string | undefined;
  /** Seconds from stopping the engine to the end of the comparison with the manifest. */
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** The interrupted operation that was undone first. */
  readonly recovered: string | undefined;
}

/**
 * 1. Undoes an operation that was interrupted, checks every byte of the file, and that this machine may be restored from it.
 * 2. Unpacks the copy next to the swarm directory, stops the engine, exchanges the two, starts the engine.
 * 3. Makes the node a manager again, and compares the swarm with the manifest.
 * @throws DrillError; the old state is back in its place unless the code is `not-rolled-back`
 */
export async function restore(manager: Manager, request: RestoreRequest): Promise<RestoreResult> {
  const { root } = manager;
  const recovered = await recoverInterrupted(manager);
  const { manifest, texts } = await step('check the whole file', () => verifyFile(request));
  const probe = await step('probe the swarm', () => probeSwarm(manager.engine));
  const { restored } = await readIntentLog(root);
  if (!request.force && restored?.id === manifest.id && isSameManager(probe, manifest))
    return {
      manifest,
      alreadyRestored: true,
      strategy: strategyOf(manifest),
      hasNewUnlockKey: false,
      previous: (await root.has(restored.previous)) ? `${root.path}/${restored.previous}` : undefined,
      seconds: 0,
      warnings: recovered?.notes ?? [],
      recovered: recovered?.what,
    };
  const strategy = chooseStrategy(manifest, texts.get(NODE_KEY) ?? '', request.unlockKey);
  requireKeeper(strategy, request);
  await preflightRestore(manager, probe, manifest, request.yes);
  const unprovenWarnings = await step('look for other managers', () =>
    requireOtherManagersGone(manager, manifest, texts.get(KNOWN_MANAGERS)),
  );

  const operation = newOperation();
  try {
    await writeIntentLog(root, { operation });
    await step('unpack the copy', () => unpackToStaging(manager, request, operation.staging, strategy));
    currentSignal().throwIfAborted();
    const began = monotonic();
    await swapDirectories(manager, operation, strategy);
    const newUnlockKey = await restartSwarm(manager, manifest, strategy);
    const now = await step('compare with the manifest', () => compareWithManifest(manager, manifest));
    if (newUnlockKey !== undefined) await request.keepUnlockKey?.(newUnlockKey);
    const { previous } = operation;
    await writeIntentLog(root, {
      restored: {
        id: manifest.id,
        cluster: manifest.cluster.id,
        node: manifest.node.id,
        at: utcNow(),
        previous,
      },
    });
    return {
      manifest,
      alreadyRestored: false,
      strategy: strategy.by,
      hasNewUnlockKey: newUnlockKey !== undefined,
      previous: `${root.path}/${previous}`,
      seconds: monotonic() - began,
      warnings: [...(recovered?.notes ?? []), ...unprovenWarnings, ...restoreWarnings(manifest, now)],
      recovered: recovered?.what,
    };
  } catch (cause) {
    throw await rollBack(manager, cause, probe);
  }
}

function newOperation(): RestoreOperation {
  const since = utcNow();
  const stamp = `${since.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return {
    what: 'restore',
    since,
    engine: false,
    previous: `${SWARM}.previous-${stamp}`,
    staging: `${SWARM}.staging-${stamp}`,
  };
}

/** Files of the swarm directory that decide whether and how it can be restored. */
const DECISIVE: readonly string[] = [NODE_KEY, KNOWN_MANAGERS];

async function verifyFile({
  source,
  openWith,
}: OpenableFile): Promise<{ manifest: Manifest; texts: Map<string, string> }> {
  const texts = new Map<string, string>();
  const manifest = await readSwarmFile(source, openWith, async ({ path }, content) => {
    if (DECISIVE.includes(path)) texts.set(path, (await buffer(content)).toString('utf8'));
    else for await (const _chunk of content);
  });
  return { manifest, texts };
}

const isSameManager = (probe: SwarmProbe, { cluster, node }: Manifest): boolean =>
  probe.state === 'manager' && probe.clusterId === cluster.id && probe.nodeId === node.id;

/** @returns the error to throw: the first cause, and whether the old state is back */
async function rollBack(manager: Manager, cause: unknown, probe: SwarmProbe): Promise<DrillError> {
  const reason = reasonOf(cause);
  const known = cause instanceof DrillError ? cause : undefined;
  const detail = {
    code: known?.code ?? 'restore-failed',
    blame: known?.blame ?? ('harness' as const),
    ...(known?.output === undefined ? {} : { output: known.output }),
    cause,
  };
  try {
    const { locked, notes } = await runShielded(async () => {
      const { operation } = await readIntentLog(manager.root);
      return {
        notes: operation ? await undoOperation(manager, operation) : [],
        locked: probe.state !== 'none' && (await probeSwarm(manager.engine)).state === 'locked',
      };
    });
    return new DrillError(`the file was not restored: ${reason}`, {
      ...detail,
      hint: [
        `The old state is back in its place${locked ? ', and locked: run docker swarm unlock' : ''}.`,
        ...notes.map((note) => `Also, ${note}.`),
        ...(known?.hint === undefined ? [] : [known.hint]),
      ].join(' '),
    });
  } catch (second) {
    return new DrillError(
      `the file was not restored: ${reason}; and the old state could not be put back: ${reasonOf(second)}`,
      {
        ...detail,
        code: 'not-rolled-back',
        blame: 'harness',
        hint: `Fix the cause of the second error, then run this command again: it begins by putting ${manager.root.path}/${SWARM}.previous-… back.`,
      },
    );
  }
}

function restoreWarnings({ node, engine }: Manifest, now: ManagerProbe): string[] {
  const others = now.members.filter(({ ID }) => ID !== node.id);
  return [
    ...(now.engine === engine ? [] : [`the backup is from engine ${engine}, this one is ${now.engine}`]),
    ...(others.length > 0
      ? [
          `raft still lists ${others.map(({ Description }) => Description.Hostname).join(', ')}: workers that run reconnect; managers must leave, be removed (docker node rm --force) and join again`,
        ]
      : []),
  ];
}
