// The restore of one manager: the file is checked whole, the old directory moved aside, the copy put there and made a swarm of,
// what came back compared; and the old state put back when anything of that fails.
import { buffer } from 'node:stream/consumers';
import { monotonic, utcNow } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { currentSignal, step } from '../support/trace.ts';
import { compareWithManifest } from './compare.ts';
import { type ManagerProbe, probeSwarm, type SwarmProbe } from './engine/probe.ts';
import { type Manager, SWARM } from './engine/manager.ts';
import type { Manifest } from './file/manifest.ts';
import { KNOWN_MANAGERS, NODE_KEY } from './file/node-key.ts';
import { recoverInterrupted, writeIntentLog, readIntentLog, undoOperation } from './intent-log.ts';
import { requireOtherManagersGone } from './preflight/other-managers.ts';
import { readSwarmFile } from './file/read.ts';
import {
  swapDirectories,
  restartSwarm,
  type Source,
  type RestoreOperation,
  unpackToStaging,
} from './replace.ts';
import { runShielded } from './engine/with-engine-stopped.ts';
import { preflightRestore, type RestoreStrategy, chooseStrategy } from './preflight/restore.ts';

export interface RestoreRequest extends Source {
  /** Replace a swarm that is there. */
  readonly yes: boolean;
  /** Bring the same file back a second time, over what has happened since. */
  readonly force: boolean;
  readonly unlockKey?: string | undefined;
}

export interface RestoreResult {
  readonly manifest: Manifest;
  /** It had been brought back before, and nothing was done. */
  readonly alreadyRestored: boolean;
  readonly strategy: RestoreStrategy['by'];
  /** Where the directory that was there is kept, in the data root; undefined when somebody has removed it. */
  readonly previous: string | undefined;
  /** Seconds from stopping the engine to a manager that was compared with the manifest. */
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** Which command had been cut short here, if one had. */
  readonly recovered: string | undefined;
}

/** @throws DrillError; then the old state is in its place, or the error says that it isn't */
export async function restore(manager: Manager, request: RestoreRequest): Promise<RestoreResult> {
  const { root } = manager;
  const mended = (await recoverInterrupted(manager))?.what;
  const { manifest, texts } = await step('check the file whole', () => verifyFile(request));
  const seen = await step('look at what is there', () => probeSwarm(manager.engine));
  const { restored } = await readIntentLog(root);
  const by = manifest.cluster.autolock ? 'unlock key' : 'forced initialisation';
  if (!request.force && restored?.id === manifest.id && isSameManager(seen, manifest)) {
    const aside = (await root.has(restored.aside)) ? `${root.path}/${restored.aside}` : undefined;
    return {
      manifest,
      alreadyRestored: true,
      strategy: by,
      previous: aside,
      seconds: 0,
      warnings: [],
      recovered: mended,
    };
  }
  const way = chooseStrategy(manifest, texts.get(NODE_KEY) ?? '', request.unlockKey);
  await preflightRestore(manager, seen, manifest, request.yes);
  const unsure = await step('ask for the other managers', () =>
    requireOtherManagersGone(manager, manifest, texts.get(KNOWN_MANAGERS)),
  );

  const stamp = utcNow().slice(0, 19).replaceAll(/[-:]/g, '');
  const task: RestoreOperation = {
    what: 'restore',
    since: utcNow(),
    engine: false,
    aside: `${SWARM}.before-${stamp}Z`,
    coming: `${SWARM}.coming-${stamp}Z`,
  };
  try {
    await writeIntentLog(root, { doing: task });
    await step('unpack the copy beside it', () => unpackToStaging(manager, request, task.coming, way));
    currentSignal().throwIfAborted();
    const began = monotonic();
    await swapDirectories(manager, task);
    await restartSwarm(manager, manifest, way);
    const now = await step('compare with the manifest', () => compareWithManifest(manager, manifest));
    await writeIntentLog(root, {
      restored: {
        id: manifest.id,
        cluster: manifest.cluster.id,
        node: manifest.node.id,
        at: utcNow(),
        aside: task.aside,
      },
    });
    return {
      manifest,
      alreadyRestored: false,
      strategy: way.by,
      previous: `${root.path}/${task.aside}`,
      seconds: monotonic() - began,
      warnings: [...unsure, ...warningsOf(manifest, now)],
      recovered: mended,
    };
  } catch (cause) {
    throw await rollBack(manager, cause, seen);
  }
}

/** Files of the swarm directory that say how it can be brought back. */
const TELLING: readonly string[] = [NODE_KEY, KNOWN_MANAGERS];

async function verifyFile({
  input,
  key,
}: RestoreRequest): Promise<{ manifest: Manifest; texts: Map<string, string> }> {
  const texts = new Map<string, string>();
  const manifest = await readSwarmFile(input, key, async ({ path }, content) => {
    if (TELLING.includes(path)) texts.set(path, (await buffer(content)).toString('utf8'));
    else for await (const _chunk of content);
  });
  return { manifest, texts };
}

const isSameManager = (seen: SwarmProbe, { cluster, node }: Manifest): boolean =>
  seen.state === 'manager' && seen.clusterId === cluster.id && seen.nodeId === node.id;

/** @returns the error to throw: the first cause, and what became of the old state */
async function rollBack(manager: Manager, cause: unknown, seen: SwarmProbe): Promise<DrillError> {
  const reason = reasonOf(cause);
  const known = cause instanceof DrillError ? cause : undefined;
  const detail = {
    code: known?.code ?? 'restore-failed',
    blame: known?.blame ?? ('harness' as const),
    ...(known?.output === undefined ? {} : { output: known.output }),
    cause,
  };
  try {
    const locked = await runShielded(async () => {
      const { doing } = await readIntentLog(manager.root);
      if (doing) await undoOperation(manager, doing);
      return seen.state !== 'none' && (await probeSwarm(manager.engine)).state === 'locked';
    });
    return new DrillError(`the file was not brought back: ${reason}`, {
      ...detail,
      hint: [
        `what was there before is in its place again${locked ? ', and locked: docker swarm unlock' : ''}`,
        ...(known?.hint === undefined ? [] : [known.hint]),
      ].join('; '),
    });
  } catch (second) {
    return new DrillError(
      `the file was not brought back: ${reason}; and what was there before could not be put in its place: ${reasonOf(second)}`,
      {
        ...detail,
        code: 'not-put-back',
        blame: 'harness',
        hint: `mend what the second reason names, then run this again: it begins by putting ${manager.root.path}/${SWARM}.before-… back`,
      },
    );
  }
}

function warningsOf({ node, engine }: Manifest, now: ManagerProbe): string[] {
  const others = now.members.filter(({ ID }) => ID !== node.id);
  return [
    ...(now.engine === engine ? [] : [`the copy is of engine ${engine}, and this one is ${now.engine}`]),
    ...(others.length > 0
      ? [
          `raft still names ${others.map(({ Description }) => Description.Hostname).join(', ')}: workers come back by themselves if they live; managers have to leave, be removed (docker node rm --force) and join anew`,
        ]
      : []),
  ];
}
