// A volume in a restic repository at the vault, by sftp: encrypted and deduplicated before it leaves its node.
import { seconds } from '../support/clock.ts';
import { finding } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { SSH, type Account } from './account.ts';
import { fillEmpty } from './empty-volume.ts';
import type { Method } from './method.ts';
import { MEANING, type Program } from './meaning.ts';
import { inRepository, runTool, type Job } from './repository.ts';
import { claimOf, filledVolume, type Volume } from './volume.ts';

/** https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes */
const RESTIC: Program = {
  name: 'restic',
  meanings: {
    2: {
      code: 'restic-crashed',
      reason: 'it crashed',
      hint: 'take the version that made the repository; tell its makers what it printed',
    },
    3: MEANING.incomplete,
    10: MEANING.noRepository,
    11: MEANING.locked,
    12: MEANING.wrongPassword,
  },
};

const PASSWORD = 'restic-password';
const DATA = '/data';
const REPOSITORY = 'repository';
/**
 * How long it waits for a lock that shuts it out. Such a lock is never ours: backups share theirs, even those that a killed one
 * left behind, and a restore takes none. So none is broken here.
 */
const PATIENCE = '10s';
/**
 * A backup whose last upload fails goes on waiting for that upload, for ever: `Repository.Flush` hands it to workers that have ended
 * (seen in 0.18.0, with a vault whose disk was full). Told to stop, it says what had failed.
 */
const STUCK = seconds(30);

export const restic: Method<Volume, Volume, void> = {
  name: 'restic',
  cannotHold: [
    'writes made while it is read: files that change under it come from different moments',
    'which zeros of a file were written and which were a hole: long runs come back as holes; sockets',
  ],
  loses: [],

  async backup(volume, deposit) {
    const facts = await filledVolume(volume);
    const account = await deposit.account('restic', [PASSWORD]);
    const snapshot = await inRepository(
      () => backUp(volume, account),
      () => step('make the repository', () => runTool(RESTIC, volume, job(account, REPOSITORY, ['init']))),
    );
    return { ...claimOf(volume, facts), snapshot };
  },

  async restore(artifact, volume) {
    const { snapshot = '' } = artifact.claim;
    const account = await artifact.account('restic', [PASSWORD]);
    // The vault keeps the repository as it was when this snapshot came.
    const point = `kept/${snapshot}`;
    await step('read the whole repository', () =>
      runTool(RESTIC, volume, {
        ...job(account, point, ['check', '--read-data', '--no-lock']),
        otherwise: MEANING.damaged,
      }),
    );
    await fillEmpty(volume, artifact.claim, () =>
      runTool(RESTIC, volume, {
        ...job(account, point, ['restore', snapshot, '--target', '/', '--sparse', '--verify', '--no-lock']),
        volumes: { [volume.name]: DATA },
      }),
    );
  },
};

/** @returns the snapshot's whole id: a prefix, or `latest`, may be somebody else's */
async function backUp(volume: Volume, account: Account): Promise<string> {
  const { node, name } = volume;
  // Grouped by its tag, a volume is compared with its own last snapshot, whichever node that came from.
  const which = ['--host', node.name, '--tag', `volume=${name}`, '--group-by', 'tags'];
  const printed = await runTool(RESTIC, volume, {
    ...job(account, REPOSITORY, ['backup', ...which, DATA]),
    patience: STUCK,
    volumes: { [name]: `${DATA}:ro` },
  });
  const id = /"snapshot_id":"([0-9a-f]{64})"/.exec(printed)?.[1];
  if (id === undefined)
    throw finding('restic says that all went well, and names no snapshot', {
      code: MEANING.noRecoveryPoint.code,
      node: node.name,
      output: printed,
    });
  return id;
}

/** Quiet leaves the summary and takes the progress away; a cache in a throwaway container helps nobody. */
const job = (account: Account, repository: string, argv: readonly string[]): Job => ({
  account,
  argv: [
    ...['restic', '--json', '--quiet', '--no-cache', '--retry-lock', PATIENCE],
    ...['--repo', `sftp:vault:${account.path}/${repository}`],
    ...['--option', `sftp.command=${SSH.join(' ')} vault sftp`],
    ...['--password-file', `/run/vault/${PASSWORD}`],
    ...argv,
  ],
});
