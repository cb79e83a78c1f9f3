// Backs swarm state up and restores it with the code of `swarm-drill swarm backup` and `swarm restore`. What only a drill can see
// is added here: which manager may be stopped, and that every service has its tasks again.
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Readable } from 'node:stream';
import { buffer, json } from 'node:stream/consumers';
import { z } from 'zod';
import { stopped } from '../../model/downtime.ts';
import type { ArtifactReader, Limit, Method } from '../../model/method.ts';
import { seconds } from '../../support/clock.ts';
import { count } from '../../support/count.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withCleanup, withRollback } from '../../support/with-cleanup.ts';
import { backup, type BackupRequest } from '../../swarm-backup/backup.ts';
import type { Manager } from '../../swarm-backup/engine/manager.ts';
import { waitUntilManaging } from '../../swarm-backup/engine/probe.ts';
import { copyRunning, type SiteHotCopy, siteManager } from '../../swarm-backup/engine/site-node.ts';
import type { Manifest } from '../../swarm-backup/file/manifest.ts';
import { memoryTarget } from '../../swarm-backup/file/target.ts';
import { restore } from '../../swarm-backup/restore.ts';
import { readProgress } from '../../swarm/service/convergence.ts';
import type { Node } from '../../swarm/node/node.ts';
import { nameNodes } from '../../swarm/name-nodes.ts';
import { Site } from '../../swarm/site.ts';
import { Swarm, type Topology } from '../../swarm/swarm.ts';
import { defineMethod } from '../define.ts';

/** The file, as `swarm-drill swarm backup` writes it. */
const FILE = 'swarm.age';
/** What an operator would keep elsewhere; the vault encrypts it, as it does the file. */
const KEYS = 'keys.json';

interface Keys {
  readonly identity: string;
  /** Of an autolocked swarm. */
  readonly unlockKey?: string;
}

const metadata = z.object({
  /** Name and address of the manager that was copied. */
  node: z.string(),
  address: z.string(),
  cluster: z.string(),
  /** Every raft entry up to this index is in the copy; absent without a raft snapshot. */
  raftIndex: z.int().optional(),
  /** Of a hot copy: whether files were seen to change while they were read. */
  changed: z.boolean().optional(),
  stopped,
});
type Metadata = z.infer<typeof metadata>;

const NOT_IN_RAFT: readonly Limit[] = [
  {
    sentence:
      'the data of volumes, images, plugins, daemon configuration and registry logins: they are not in raft',
  },
  { sentence: 'the other members: managers and workers have to join again, under new node ids' },
  { sentence: 'the unlock key of an autolocked swarm of several managers: the restored swarm has a new one' },
];
const TORN: Limit = {
  sentence:
    "a single point in time: raft's log and snapshots are read while they are written, and a torn copy may refuse to start",
};

const LAGGING: Limit = {
  sentence:
    'changes that the copied manager had not received from the leader yet: nothing makes it catch up before the copy',
};

const KEYLESS: Limit = {
  sentence: 'an autolocked swarm: its unlock key is not kept, and the restore is refused without it',
};

export interface SwarmStateOptions {
  /**
   * Copies the directory of a running engine: possible, less predictable, and not what Docker's documentation recommends
   * (https://docs.docker.com/engine/swarm/admin_guide/). Default: the engine is stopped for the copy.
   */
  readonly hot?: boolean;
  /** Takes a raft snapshot before the copy if there are several managers, so that a restore has a leader 10 to 20 s earlier. Default true. */
  readonly raftSnapshot?: boolean;
  /** Keeps the unlock key of an autolocked swarm, in a file next to the copy. Default true; false for a drill in which it is lost. */
  readonly keepUnlockKey?: boolean;
}

/** Where swarm state is restored: on one new node of the site, or together with further nodes that join it. */
export type SwarmTarget =
  | Site
  | {
      readonly site: Site;
      /** Nodes in addition to the restored manager. They start while the state is restored. */
      readonly join: Partial<Topology>;
    };

/**
 * Backs up one manager's `/var/lib/docker/swarm` and restores it on a new node at the old address, as a swarm of one manager.
 * Autolocked swarms are restored with the unlock key that they had; with several managers they get a new one.
 * The backup throws `quorum` before anything is stopped, and `not-back` when the manager or a service does not come back; the
 * restore throws `moved-address`, `state-refused`, `not-the-same`, `no-unlock-key`, `wrong-unlock-key`, `not-sealed`.
 */
export function swarmState({
  hot = false,
  raftSnapshot = true,
  keepUnlockKey = true,
}: SwarmStateOptions = {}): Method<Swarm, SwarmTarget, Swarm> {
  return defineMethod<Swarm, SwarmTarget, Swarm, Metadata>({
    name: [
      'swarm state',
      ...(hot ? ['hot'] : []),
      ...(raftSnapshot ? [] : ['without raft snapshot']),
      ...(keepUnlockKey ? [] : ['without unlock key']),
    ].join(', '),
    limits: [
      ...NOT_IN_RAFT,
      ...(hot ? [TORN] : []),
      ...(raftSnapshot ? [] : [LAGGING]),
      ...(keepUnlockKey ? [] : [KEYLESS]),
    ],
    metadata,

    async backup(swarm, artifact) {
      const node = await swarm.follower();
      const manager = siteManager(swarm.site, node);
      const identity = await generateX25519Identity();
      const unlockKey = (await node.engine.swarm.unlockKey()) || undefined;
      const target = memoryTarget(FILE);
      const request = {
        target,
        sealWith: { recipients: [await identityToRecipient(identity)] },
        unlockKey,
        raftSnapshot,
        tool: 'swarm-drill (drill)',
      };
      const cluster = hot
        ? await backUpRunning(manager, node, request)
        : await backUpStopped(swarm, node, manager, request);
      await artifact.put(FILE, target.open());
      const keys: Keys = { identity, ...(keepUnlockKey && unlockKey !== undefined && { unlockKey }) };
      await artifact.put(KEYS, Readable.from([JSON.stringify(keys)]));
      return { node: node.name, address: node.address, ...cluster };
    },

    restore: restoreOnto,
  });
}

async function backUpRunning(manager: Manager, node: Node, request: BackupRequest) {
  let copy: SiteHotCopy | undefined;
  const hotCopy = async () => (copy = await copyRunning(node));
  const { manifest } = await backup(manager, { ...request, hotCopy });
  return { ...copied(manifest), changed: copy?.changed ?? false, stopped: [] };
}

/** How long the manager and the services may take to be back. */
const BACK_LIMIT = seconds(300);

/**
 * Makes the backup. When it fails too, the node is a reachable manager again and every service that had its tasks has them
 * again. Others may have been away before: only this node is waited for.
 */
async function backUpStopped(swarm: Swarm, node: Node, manager: Manager, request: BackupRequest) {
  const { NodeID } = (await node.engine.info()).Swarm;
  const services = await swarm.listConverged();
  const ended = await endedTasks(swarm, NodeID);
  let hasStopped = false;
  const { manifest, stoppedSeconds } = await withCleanup(
    () =>
      backup(
        {
          ...manager,
          stop() {
            hasStopped = true;
            return manager.stop();
          },
        },
        request,
      ),
    async () => {
      if (!hasStopped) return;
      swarm.replace(await node.reconnect());
      await waitUntilManaging(manager, NodeID);
      await swarm.converged(seconds(120), services);
      const gone = [...(await endedTasks(swarm, NodeID))].filter(([task]) => !ended.has(task));
      if (gone[0])
        throw finding(
          `service ${gone[0][1]}: ended when the engine of ${node.name} was stopped, and Swarm does not start it again`,
          {
            code: 'not-back',
            node: node.name,
            hint: `Its restart policy is not "any". Run this on a manager: docker service update --force ${gone[0][1]}`,
          },
        );
    },
    { code: 'not-back', limit: BACK_LIMIT },
  );
  return {
    ...copied(manifest),
    stopped: [{ what: `engine of ${node.name}`, seconds: stoppedSeconds }],
  };
}

/** Tasks of the node that have ended for good, with the names of their services. */
async function endedTasks(swarm: Swarm, nodeId: string): Promise<ReadonlyMap<string, string>> {
  const progress = await readProgress((await swarm.manager()).engine);
  return new Map(
    progress.flatMap(({ service, finished, failed }) =>
      [...finished, ...failed]
        .filter(({ NodeID }) => NodeID === nodeId)
        .map(({ ID }): [string, string] => [ID, service.Spec.Name]),
    ),
  );
}

const copied = ({ cluster, raftIndex }: Manifest) => ({ cluster: cluster.id, raftIndex });

async function restoreOnto(artifact: ArtifactReader<Metadata>, target: SwarmTarget): Promise<Swarm> {
  const { site, join } = target instanceof Site ? { site: target, join: {} } : target;
  const others = nameNodes(join, new Set([artifact.metadata.node]));
  const [swarm, started] = await Promise.all([
    restoreManager(artifact, site),
    others.length > 0
      ? step(`start ${count(others.length, 'more node')}`, () => site.startNodes(others))
      : [],
  ]);
  if (started.length > 0) await step('join the nodes', () => swarm.joinNodes(started));
  return swarm;
}

/** @returns a swarm of one manager */
async function restoreManager(artifact: ArtifactReader<Metadata>, site: Site): Promise<Swarm> {
  const { node: name, address, cluster } = artifact.metadata;
  const manager = { name, role: 'manager' } as const;
  if (site.addressOf(manager) !== address)
    throw finding(
      `the backup is of ${name} at ${address}, and here it would be at ${site.addressOf(manager)}: a forced initialisation keeps the old address`,
      { code: 'moved-address' },
    );
  const [empty, bytes, { identity, unlockKey }] = await Promise.all([
    step(`create ${name}`, () => site.createEmptyNode(manager)),
    step('fetch the swarm file', () => buffer(artifact.open(FILE))),
    json(artifact.open(KEYS)) as Promise<Keys>,
  ]);
  const { manifest } = await withRollback(
    () =>
      restore(siteManager(site, empty), {
        source: { name: FILE, open: () => Readable.from([bytes]) },
        openWith: { identities: [identity] },
        unlockKey,
        // An operator would write it down. What needs it in a drill asks a manager for it.
        keepUnlockKey: async () => {},
        yes: false,
        force: false,
      }),
    // A refused restore leaves a node that has no log and would be in the way of the next one. Others are needed to see what failed.
    async () => ((await empty.isNew()) ? empty.destroy() : undefined),
    { code: 'not-removed', limit: seconds(60) },
  );
  if (manifest.cluster.id !== cluster)
    throw finding(`expected the cluster ${cluster}, the restored node is in ${manifest.cluster.id}`, {
      code: 'other-cluster',
    });
  return new Swarm(site, [await empty.reconnect()]);
}
