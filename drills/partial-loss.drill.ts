// A part of the swarm fails while people keep writing: a manager, the leader, or the worker with the data. The data itself is
// never lost, so no acknowledged write may be. How long can nothing be written, and how long until the swarm is whole again?
//
// The recovery follows Docker's guide: replace what is lost, switch on what was off.
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
  type Swarm,
} from 'swarm-drill';
import { step, waitUntil } from 'swarm-drill/workload';
import { Notes, notes } from '../fixtures/notes/notes.ts';

/** What is left, and how to reverse the failure if that is possible. */
interface Left {
  readonly swarm: Swarm;
  readonly undo?: () => Promise<void>;
}

interface PartialLoss {
  readonly variant: string;
  readonly title: string;
  readonly failure: string;
  readonly disaster: (swarm: Swarm) => Promise<{
    readonly proof: Awaited<ReturnType<typeof disasters.destroyNodes>>['proof'];
    readonly survivors: Swarm;
    readonly undo?: () => Promise<void>;
  }>;
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
      const { proof, survivors, undo } = await disaster(swarm);
      return { proof, survivors: { swarm: survivors, ...(undo && { undo }) } };
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
