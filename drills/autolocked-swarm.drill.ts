// An autolocked swarm loses all its managers: each kept its keys encrypted, and needs the unlock key of that day.
//
// - single-manager: unlocking the restored manager is enough. The step that Docker's guide adds, a forced initialisation, locks it out.
// - all-managers: an unlocked manager waits for those that are lost, and a locked one can't be initialised by force. The key of the copy
//   is unsealed, a new cluster is forced, and the swarm is locked again.
// - rotated-key: the unlock key was replaced after the backup. The old key opens the old backup.
// - lost-key: without the unlock key no one can restore the backup. The swarm is built again from its sources.
//
// https://github.com/moby/moby/issues/36852 https://github.com/moby/moby/issues/34384
import {
  baselines,
  checks,
  disasters,
  drill,
  methods,
  seconds,
  Swarm,
  type Kept,
  type Plan,
} from 'swarm-drill';
import { readUnlockKey, restoreRefused, unlockKeyIs } from '../fixtures/autolock.ts';
import { type Notes, notes } from '../fixtures/notes/notes.ts';
import { sealNotesSecrets, withNotesRepository } from '../fixtures/notes/sources.ts';

const archive = methods.volumeArchive();

const common = {
  images: notes.images,
  objectives: { rto: seconds(90), rpo: seconds(60) },
  async seed({ swarm, seed, size }: Parameters<Plan['seed']>[0]) {
    const pad = await notes.deploy(swarm, { seed, size });
    await swarm.lock();
    return { app: pad, pad };
  },
  async baseline({ swarm, seeded: { pad } }: { swarm: Swarm; seeded: { pad: Notes } }) {
    return {
      mounted: await baselines.mountedFiles(swarm),
      contents: await pad.contents(),
      unlockKey: await readUnlockKey(swarm),
    };
  },
  disaster: ({ swarm }: { swarm: Swarm }) => disasters.destroyAllNodes(swarm),
};

const restorable = (topology: { managers: number; workers: number }) => ({
  ...common,
  topology,
  backup: async ({
    swarm,
    vault,
    seeded: { pad },
  }: Parameters<Plan['backup']>[0] & { seeded: { pad: Notes } }) => ({
    state: await vault.keep(methods.swarmState(), swarm),
    files: await vault.keep(archive, await pad.volume()),
  }),
});

export const singleManager = drill('single autolocked manager: unlocked after its only disk is lost', {
  ...restorable({ managers: 1, workers: 0 }),
  variant: 'single-manager',
  drift: ({ write }) => write(5),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.managersReachable(swarm, 1),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...pad.checks(baseline.contents),
    unlockKeyIs(swarm, 'the same', baseline.unlockKey),
    checks.swarmLocked(swarm),
  ],
});

export const allManagers = drill(
  'autolocked swarm: restored and locked again after all its managers are lost',
  {
    ...restorable({ managers: 3, workers: 0 }),
    variant: 'all-managers',
    drift: ({ write }) => write(5),
    async restore({ site, kept }) {
      const swarm = await kept.state.restoreInto({ site, join: { managers: 2 } });
      const pad = await notes.restoreInto(swarm, kept);
      return { swarm, pad, app: pad };
    },
    verify: ({ restored: { swarm, pad }, baseline }) => [
      checks.managersReachable(swarm, 3),
      checks.tasksRunning(swarm),
      checks.inventoryMatches(swarm, baseline.inventory),
      checks.mountedFilesMatch(swarm, baseline.mounted),
      ...pad.checks(baseline.contents),
      unlockKeyIs(swarm, 'another', baseline.unlockKey),
      checks.swarmLocked(swarm),
    ],
  },
);

export const rotatedKey = drill('rotated unlock key: the old key opens the backup of its time', {
  ...restorable({ managers: 1, workers: 0 }),
  variant: 'rotated-key',
  async drift({ swarm, write }) {
    await write(3);
    await swarm.replaceUnlockKey();
    await write(2);
  },
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.managersReachable(swarm, 1),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
    unlockKeyIs(swarm, 'the same', baseline.unlockKey),
    checks.swarmLocked(swarm),
  ],
});

const TOPOLOGY = { managers: 1, workers: 0 };
const stackInGit = methods.gitStack();

export const lostKey = drill(
  'lost unlock key: the restore is refused, and the swarm is built again from its sources',
  {
    ...common,
    topology: TOPOLOGY,
    variant: 'lost-key',
    async backup({ swarm, vault, seeded: { pad } }) {
      const secrets = await sealNotesSecrets(swarm);
      const stack = await withNotesRepository(swarm, (source) => vault.keep(stackInGit, source));
      const sources: Kept<Swarm, unknown> = {
        name: stack.name,
        restoreInto: (target) => stack.restoreInto({ swarm: target, secrets }),
      };
      return {
        state: await vault.keep(methods.swarmState({ keepUnlockKey: false }), swarm),
        sources,
        files: await vault.keep(archive, await pad.volume()),
      };
    },
    drift: ({ write }) => write(5),
    async restore({ site, kept }) {
      const attempt = await kept.state.restoreInto(site).catch((error: unknown) => error);
      if (attempt instanceof Swarm) {
        const pad = await notes.restoreInto(attempt, kept);
        return { swarm: attempt, pad, app: pad, attempt };
      }
      const swarm = await Swarm.start(site, TOPOLOGY);
      await kept.sources.restoreInto(swarm);
      const pad = await notes.restoreInto(swarm, kept, { 'manager-1': notes.labels });
      await swarm.lock();
      return { swarm, pad, app: pad, attempt };
    },
    verify: ({ restored: { swarm, pad, attempt }, baseline }) => [
      restoreRefused(attempt, 'no-unlock-key'),
      checks.managersReachable(swarm, 1),
      checks.tasksRunning(swarm),
      checks.inventoryMatches(swarm, baseline.inventory, { loses: stackInGit.loses }),
      checks.mountedFilesMatch(swarm, baseline.mounted),
      ...pad.checks(baseline.contents),
      unlockKeyIs(swarm, 'another', baseline.unlockKey),
      checks.swarmLocked(swarm),
    ],
  },
);
