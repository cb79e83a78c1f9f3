// A volume in a restic repository at the vault, by sftp or in S3: encrypted and deduplicated before it leaves its node.
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { SSH, type Account, type AccountKind } from '../../model/account.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { FAILURES, type Program } from '../../vault/failures.ts';
import { withRepository, runTool, type Job } from './repository.ts';
import { volumeMetadata, requireFilledVolume, type Volume } from '../container/volume.ts';

/** https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes */
const RESTIC: Program = {
  name: 'restic',
  failures: {
    2: {
      code: 'restic-crashed',
      reason: 'it crashed',
      hint: 'take the version that made the repository; tell its makers what it printed',
    },
    3: FAILURES.incomplete,
    10: FAILURES.noRepository,
    11: FAILURES.locked,
    12: FAILURES.wrongPassword,
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

/** Where its repository is, and how it gets there. */
interface Transport {
  readonly name: string;
  readonly kind: AccountKind;
  /** Options, environment and limits of every run on a repository of that account. */
  readonly reach: (account: Account, repository: string) => Pick<Job, 'argv' | 'env' | 'patience'>;
  /** The repository that a snapshot is restored from. */
  readonly pointOf: (snapshot: string) => string;
}

const sftp: Transport = {
  name: 'restic',
  kind: 'restic',
  reach: ({ path }, repository) => ({
    argv: [
      ...['--repo', `sftp:vault:${path}/${repository}`],
      ...['--option', `sftp.command=${SSH.join(' ')} vault sftp`],
    ],
  }),
  // The vault keeps the repository as it was when this snapshot came.
  pointOf: (snapshot) => `kept/${snapshot}`,
};

const s3: Transport = {
  name: 'restic to S3',
  kind: 's3',
  reach: ({ address, port, path }, repository) => ({
    argv: [
      ...['--repo', `s3:http://${address}:${port}/${path}/${repository}`],
      ...['--option', 's3.bucket-lookup=path'],
    ],
    env: { AWS_SHARED_CREDENTIALS_FILE: '/run/vault/credentials', AWS_DEFAULT_REGION: 'us-east-1' },
    // It tries again for a quarter of an hour, whatever it does.
    patience: STUCK,
  }),
  pointOf: () => REPOSITORY,
};

const resticBy = (transport: Transport): Method<Volume, Volume, void> => ({
  name: transport.name,
  cannotHold: [
    'writes made while it is read: files that change under it come from different moments',
    'which zeros of a file were written and which were a hole: long runs come back as holes; sockets',
  ],
  loses: [],

  async backup(volume, deposit) {
    const facts = await requireFilledVolume(volume);
    const run = runIn(transport, await deposit.account(transport.kind, [PASSWORD]), volume);
    const snapshot = await withRepository(
      () => backUp(volume, run),
      () => step('make the repository', () => run(REPOSITORY, ['init'])),
    );
    return { ...volumeMetadata(volume, facts), snapshot };
  },

  async restore(artifact, volume) {
    const { snapshot = '' } = artifact.metadata;
    const run = runIn(transport, await artifact.account(transport.kind, [PASSWORD]), volume);
    const point = transport.pointOf(snapshot);
    await step('read the whole repository', () =>
      run(point, ['check', '--read-data', '--no-lock'], { otherwise: FAILURES.damaged }),
    );
    await restoreIntoEmptyVolume(volume, artifact.metadata, () =>
      run(point, ['restore', snapshot, '--target', '/', '--sparse', '--verify', '--no-lock'], {
        volumes: { [volume.name]: DATA },
      }),
    );
  },
});

export const restic = resticBy(sftp);
export const resticS3 = resticBy(s3);

type Run = (repository: string, words: readonly string[], rest?: Partial<Job>) => Promise<string>;

/** Quiet leaves the summary and takes the progress away; a cache in a throwaway container helps nobody. */
const runIn =
  ({ reach }: Transport, account: Account, volume: Volume): Run =>
  (repository, words, rest = {}) => {
    const { argv, ...reached } = reach(account, repository);
    const usual = ['restic', '--json', '--quiet', '--no-cache', '--retry-lock', PATIENCE];
    const password = ['--password-file', `/run/vault/${PASSWORD}`];
    return runTool(RESTIC, volume, {
      account,
      argv: [...usual, ...argv, ...password, ...words],
      ...reached,
      ...rest,
    });
  };

/** @returns the snapshot's whole id: a prefix, or `latest`, may be somebody else's */
async function backUp({ node, name }: Volume, run: Run): Promise<string> {
  // Grouped by its tag, a volume is compared with its own last snapshot, whichever node that came from.
  const which = ['--host', node.name, '--tag', `volume=${name}`, '--group-by', 'tags'];
  const printed = await run(REPOSITORY, ['backup', ...which, DATA], {
    patience: STUCK,
    volumes: { [name]: `${DATA}:ro` },
  });
  const id = /"snapshot_id":"([0-9a-f]{64})"/.exec(printed)?.[1];
  if (id === undefined)
    throw finding('restic says that all went well, and names no snapshot', {
      code: FAILURES.noRecoveryPoint.code,
      node: node.name,
      output: printed,
    });
  return id;
}
