// A part of the swarm fails while people keep writing: a manager, the leader, the quorum, all managers, or the worker with the data. The
// data itself is never lost, so no acknowledged write may be. How long can nothing be written, and how long until the swarm is whole
// again? Without managers the tasks go on, but nothing that fails is replaced.
//
// The recovery follows Docker's guide: replace what is lost, force a new cluster if the quorum is gone, switch on what was off.
// https://docs.docker.com/engine/swarm/admin_guide/
import {
  baselines,
  checks,
  disasters,
  drill,
  methods,
  minutes,
  recoveries,
  seconds,
  type Node,
  type Swarm,
} from 'swarm-drill';
import { step, waitUntil } from 'swarm-drill/workload';
import { Notes, notes } from '../fixtures/notes/notes.ts';

/** What is left, and how to reverse the failure if that is possible. */
interface Left {
  readonly swarm: Swarm;
  readonly undo?: () => Promise<void>;
  /** Name of the manager that led, if it is the one that fails. */
  readonly formerLeader?: string;
}

interface PartialLoss {
  readonly variant: string;
  readonly title: string;
  readonly failure: string;
  readonly disaster: (swarm: Swarm) => Promise<
    Omit<Left, 'swarm'> & {
      readonly proof: Awaited<ReturnType<typeof disasters.destroyNodes>>['proof'];
      readonly survivors: Swarm;
    }
  >;
  readonly recover: (left: Left) => Promise<unknown>;
}

/** The notes are on the first worker. */
const HOME = 'worker-1';

/** Without a leader no manager answers. */
const awaitLeader = (swarm: Swarm): Promise<unknown> =>
  waitUntil('a new leader', async () => ({ done: await swarm.leader() }));

async function replaceLost({ swarm }: Left): Promise<void> {
  await awaitLeader(swarm);
  await recoveries.replaceLostNodes(swarm);
}

async function switchOn({ swarm, undo }: Left): Promise<void> {
  await undo?.();
  await swarm.ready();
}

/** Reverses the failure once the others have elected a leader, after raft's election time-out. */
async function reverseWhenReplaced(left: Left): Promise<void> {
  await step('the other managers elect a leader', () =>
    waitUntil('another leader', async () => {
      const seen = await Promise.all(left.swarm.managers.map(leaderSeenBy));
      const other = seen.find((name) => name !== undefined && name !== left.formerLeader);
      return other === undefined ? { notYet: `the managers see ${seen.join(', ')}` } : { done: other };
    }),
  );
  await switchOn(left);
}

/** Returns the host name of the leader, or undefined without one. */
const leaderSeenBy = async ({ engine }: Node): Promise<string | undefined> =>
  (await engine.nodes.list().catch(() => [])).find(({ ManagerStatus }) => ManagerStatus?.Leader)?.Description
    .Hostname;

/** Reverses the failure once the managers have missed three heartbeats: earlier, the swarm would not know that there was one. */
async function reverseWhenNoticed(left: Left): Promise<void> {
  await step('the managers notice the failure', () =>
    waitUntil(`${HOME} to be down`, async () => {
      const member = (await left.swarm.members()).find(({ Description }) => Description.Hostname === HOME);
      const state = member?.Status.State ?? 'not a member';
      return state === 'down' ? { done: true } : { notYet: `it is ${state}` };
    }),
  );
  await switchOn(left);
}

const LOSSES: readonly PartialLoss[] = [
  {
    variant: 'follower',
    title: 'partial loss: a manager that does not lead is destroyed',
    failure: 'loss of one manager of three',
    disaster: async (swarm) => disasters.destroyNodes(swarm, await swarm.follower()),
    recover: replaceLost,
  },
  {
    variant: 'leader',
    title: 'partial loss: the leader is destroyed',
    failure: 'loss of the leader',
    disaster: async (swarm) => disasters.destroyNodes(swarm, await swarm.leader()),
    recover: replaceLost,
  },
  {
    variant: 'quorum',
    title: 'partial loss: two of three managers are destroyed',
    failure: 'loss of the quorum',
    disaster: (swarm) => disasters.destroyNodes(swarm, ['manager-2', 'manager-3']),
    async recover({ swarm }) {
      await recoveries.forceNewCluster(swarm);
      await recoveries.replaceLostNodes(swarm);
    },
  },
  {
    variant: 'leader-frozen',
    title: 'partial loss: the leader freezes and continues as a follower',
    failure: 'freeze of the leader',
    async disaster(swarm) {
      const leader = await swarm.leader();
      return { ...(await disasters.freezeNodes(swarm, leader)), formerLeader: leader.name };
    },
    recover: reverseWhenReplaced,
  },
  {
    variant: 'leader-cut',
    title: 'partial loss: the leader is cut off from all others, which elect another',
    failure: 'cut network of the leader',
    async disaster(swarm) {
      const leader = await swarm.leader();
      return { ...(await disasters.cutNetwork(swarm, leader)), formerLeader: leader.name };
    },
    recover: reverseWhenReplaced,
  },
  {
    variant: 'managers-stopped',
    title: 'partial loss: every manager is shut down and started again, and the tasks go on',
    failure: 'restart of every manager',
    disaster: (swarm) => disasters.stopNodes(swarm, swarm.managers),
    recover: switchOn,
  },
  {
    variant: 'managers-killed',
    title: 'partial loss: every manager loses its power, and the tasks go on',
    failure: 'power cut of every manager',
    disaster: (swarm) => disasters.killNodes(swarm, swarm.managers),
    recover: switchOn,
  },
  {
    variant: 'stopped',
    title: 'partial loss: the worker with the data is shut down and started again',
    failure: 'restart of the worker with the data',
    disaster: (swarm) => disasters.stopNodes(swarm, HOME),
    recover: switchOn,
  },
  {
    variant: 'killed',
    title: 'partial loss: the worker with the data loses its power',
    failure: 'power cut of the worker with the data',
    disaster: (swarm) => disasters.killNodes(swarm, HOME),
    recover: switchOn,
  },
  {
    variant: 'frozen',
    title: 'partial loss: the worker with the data freezes and continues',
    failure: 'freeze of the worker with the data',
    disaster: (swarm) => disasters.freezeNodes(swarm, HOME),
    recover: reverseWhenNoticed,
  },
  {
    variant: 'cut',
    title: 'partial loss: the worker with the data is cut off from all others',
    failure: 'cut network',
    disaster: (swarm) => disasters.cutNetwork(swarm, HOME),
    recover: reverseWhenNoticed,
  },
];

for (const { variant, title, failure, disaster, recover } of LOSSES)
  drill(title, {
    variant,
    failure,
    tags: variant === 'leader' ? ['nightly', 'weekly'] : ['weekly'],
    topology: { managers: 3, workers: 2 },
    images: notes.images,
    objectives: { rto: minutes(4), rpo: seconds(1) },
    recoveryPoint: 'latest',
    // The swarm that survives gains the nodes that replace lost ones.
    continuousWrites: { through: ({ swarm }: Left) => new Notes(swarm) },

    async seed({ swarm, seed, size }) {
      const pad = await notes.deploy(swarm, { seed, size, on: HOME });
      return { app: pad, pad };
    },
    baseline: async ({ swarm, seeded: { pad } }) => ({
      mounted: await baselines.mountedFiles(swarm),
      contents: await pad.contents(),
    }),
    backup: async ({ vault, seeded: { pad } }) => ({
      files: await vault.keep(methods.volumeArchive(), await pad.volume()),
    }),
    drift: ({ write }) => write(5),
    async disaster({ swarm }) {
      const { proof, survivors, ...left } = await disaster(swarm);
      return { proof, survivors: { ...left, swarm: survivors } };
    },
    async restore({ survivors }) {
      await recover(survivors);
      const { swarm } = survivors;
      await swarm.converged();
      const pad = new Notes(swarm);
      return { swarm, pad, app: pad };
    },
    verify: ({ restored: { swarm, pad }, baseline }) => [
      checks.managersReachable(swarm, 3),
      checks.tasksRunning(swarm),
      checks.inventoryMatches(swarm, baseline.inventory),
      checks.mountedFilesMatch(swarm, baseline.mounted),
      ...pad.checks(baseline.contents),
    ],
  });
