// Backups in a restic repository: what its exit codes mean, what a check proves, and who holds a lock and the password.
//
// `incomplete`: a file can't be read. restic saves a snapshot of the rest and ends with exit code 3. Taken for success, the file is missing
// from every later restore; that a snapshot exists proves nothing. The backup is refused, the file is made readable, and it is repeated.
// https://github.com/djmaze/resticker/issues/107
//
// `corrupt-pack`: a bit of a pack has flipped. `restic check` compares lists and passes; only `--read-data` reads the packs. The restore
// reads everything first, refuses, and a second copy that was made in another way is used. https://github.com/restic/restic/issues/2888
//
// `stale-lock`: a prune was killed, and its exclusive lock keeps backups out for days. The backup ends within its time limit and says who
// holds the lock; the operator of the vault makes sure that this process is dead and removes it. https://github.com/restic/restic/issues/3219
//
// `password`: everything is lost, with every secret of the swarm. The password of the repository has to be somewhere else as well, and a
// program that asks for it without a terminal must end. https://restic.readthedocs.io/en/stable/030_preparing_a_new_repo.html
import {
  checks,
  disasters,
  drill,
  methods,
  minutes,
  type Check,
  type Size,
  type Swarm,
  type Vault,
} from 'swarm-drill';
import type { FileManifest, Volume } from 'swarm-drill/workload';
import {
  addAttachments,
  attachmentsMatch,
  LARGE_ATTACHMENT,
  readAttachments,
} from '../fixtures/notes/attachments.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { restoreWhileStopped } from '../fixtures/operator.ts';
import { damagePack, killPrune, refusalOf, removeStaleLocks } from '../fixtures/vault-operator.ts';

interface Seeded {
  readonly app: Notes;
  readonly pad: Notes;
}

interface Baseline {
  readonly contents: readonly string[];
  readonly attachments: FileManifest;
}

const restic = methods.restic();
const HOME = { 'manager-1': notes.labels };

const common = {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },

  async seed({ swarm, ...options }: { swarm: Swarm; seed: string; size: Size }): Promise<Seeded> {
    const pad = await notes.deploy(swarm, options);
    await addAttachments(await pad.volume());
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }: { seeded: Seeded }): Promise<Baseline> => ({
    contents: await pad.contents(),
    attachments: await readAttachments(await pad.volume()),
  }),
  drift: ({ write }: { write: (count: number) => Promise<void> }) => write(5),
  disaster: ({ swarm }: { swarm: Swarm }) => disasters.removeVolumes(swarm, 'manager-1', notes.volumeName),
};

const checksOf = ({ swarm, pad }: { swarm: Swarm; pad: Notes }, baseline: Baseline): Check[] => [
  checks.tasksRunning(swarm),
  attachmentsMatch(() => pad.volume(), baseline.attachments),
  ...pad.checks(baseline.contents),
];

/** Expects that something failed, and that the reason says what to do about it. */
const refused = (what: string, reason: string, expected: RegExp): Check => ({
  name: `${what} refused`,
  required: true,
  covers: [],
  doesNotProve: 'that other faults are found',
  observe: async () => ({
    compared: 1,
    differences: expected.test(reason) ? [] : [`expected ${String(expected)}, got: ${reason}`],
    detail: reason,
  }),
});

const restored = async (swarm: Swarm) => {
  await swarm.converged();
  const pad = new Notes(swarm);
  return { swarm, pad, app: pad };
};

export const incomplete = drill('restic: a backup that could not read a file is not a backup', {
  variant: 'incomplete',
  ...common,
  async backup({ vault, seeded: { pad } }) {
    const volume = await pad.volume();
    const refusal = await whileUnreadable(volume, () => refusalOf(vault.keep(restic, volume)));
    return { refusal, files: await vault.keep(restic, volume) };
  },
  async restore({ kept, survivors: swarm }) {
    await restoreWhileStopped(new Notes(swarm).service, notes.volumeOn(swarm, HOME), kept.files);
    return { ...(await restored(swarm)), refusal: await kept.refusal.restoreInto() };
  },
  verify: ({ restored: { refusal, ...now }, baseline }) => [
    refused('incomplete backup', refusal, /restic backup: the program left something out/),
    ...checksOf(now, baseline),
  ],
});

/** The memory of another process, which not even root may read in a container, takes the place of the file. */
export async function whileUnreadable<T>({ node, name }: Volume, work: () => Promise<T>): Promise<T> {
  const { Mountpoint } = await node.engine.volumes.inspect(name);
  const path = `${Mountpoint}/${LARGE_ATTACHMENT}`;
  await node.exec(['mount', '--bind', '/proc/1/mem', path]);
  try {
    return await work();
  } finally {
    await node.exec(['umount', path]);
  }
}

export const corruptPack = drill('restic: a pack is damaged, and another copy is restored', {
  variant: 'corrupt-pack',
  ...common,
  async backup({ vault, seeded: { pad } }) {
    const volume = await pad.volume();
    const kept = {
      repository: await vault.keep(restic, volume),
      copy: await vault.keep(methods.volumeArchive(), volume),
    };
    await damagePack(vault);
    return kept;
  },
  async restore({ kept, survivors: swarm }) {
    const { service } = new Notes(swarm);
    const volume = notes.volumeOn(swarm, HOME);
    const refusal = await refusalOf(restoreWhileStopped(service, volume, kept.repository));
    await restoreWhileStopped(service, volume, kept.copy);
    return { ...(await restored(swarm)), refusal: await refusal.restoreInto() };
  },
  verify: ({ restored: { refusal, ...now }, baseline }) => [
    refused('damaged repository', refusal, /restic check: the vault returns other data than was stored/),
    ...checksOf(now, baseline),
  ],
});

/** Keeps the first backup, leaves a lock, and backs up again, with what `unlock` does in between. */
export const backUpLocked =
  (unlock: (vault: Vault) => Promise<unknown>) =>
  async ({ vault, seeded: { pad } }: { vault: Vault; seeded: Seeded }) => {
    const volume = await pad.volume();
    await vault.keep(restic, volume);
    await killPrune(vault);
    const refusal = await refusalOf(vault.keep(restic, volume));
    await unlock(vault);
    return { refusal, files: await vault.keep(restic, volume) };
  };

export const staleLock = drill(
  'restic: the lock of a killed prune is reported, and removed by the operator',
  {
    variant: 'stale-lock',
    ...common,
    backup: backUpLocked(removeStaleLocks),
    async restore({ kept, survivors: swarm }) {
      await restoreWhileStopped(new Notes(swarm).service, notes.volumeOn(swarm, HOME), kept.files);
      return { ...(await restored(swarm)), refusal: await kept.refusal.restoreInto() };
    },
    verify: ({ restored: { refusal, ...now }, baseline }) => [
      refused('locked repository', refusal, /restic backup: the repository is locked: .*remove stale locks/),
      ...checksOf(now, baseline),
    ],
  },
);

export const password = drill('restic: the password is not lost with the swarm', {
  variant: 'password',
  ...common,
  backup: async ({ swarm, vault, seeded: { pad } }) => ({
    state: await vault.keep(methods.swarmState(), swarm),
    files: await vault.keep(restic, await pad.volume()),
  }),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: now, baseline }) => checksOf(now, baseline),
});
