// A volume in a restic repository at the vault, by sftp or in S3: encrypted and deduplicated before it leaves its node.
import { z } from 'zod';
import type { Account, AccountKind } from '../../model/account.ts';
import { SSH } from '../../vault/ssh-config.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { FAILURES, type Program } from '../../vault/failures.ts';
import { typedInContainer } from '../container/typed.ts';
import type { Volume, VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { NO_FLAGS, REPOSITORY_LIMITS } from './limits.ts';
import { runTool, withRepository, type ToolRun } from './repository.ts';

/** https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes */
const RESTIC: Program = {
  name: 'restic',
  failures: {
    2: {
      code: 'restic-crashed',
      reason: 'it crashed',
      hint: 'Use the version of restic that made the repository, and report what it printed to its authors.',
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
 * How long it waits for a lock that excludes it. Such a lock is never ours: backups share theirs, even those that a killed one
 * left behind, and a restore takes none. So none is broken here.
 */
const LOCK_TIMEOUT = '10s';
/**
 * A backup whose last upload fails waits for that upload forever: `Repository.Flush` hands it to workers that have ended (seen in
 * 0.18.0, with a vault whose disk was full). When it is interrupted, it prints what had failed.
 */
const STALL_TIMEOUT = seconds(30);

/** Where the repository is, and how restic connects to it. */
interface Backend {
  readonly kind: AccountKind;
  /** Returns options, environment and timeout of every run on a repository of that account. */
  readonly connect: (account: Account, repository: string) => Pick<ToolRun, 'argv' | 'env' | 'stallTimeout'>;
  /** The repository as an operator names it. */
  readonly example: string;
  /** Returns the repository that a snapshot is restored from. */
  readonly repositoryOf: (snapshot: string) => string;
}

const BACKENDS: Readonly<Record<'ssh' | 's3', Backend>> = {
  ssh: {
    kind: 'restic',
    connect: ({ path }, repository) => ({
      argv: [
        ...['--repo', `sftp:vault:${path}/${repository}`],
        ...['--option', `sftp.command=${SSH.join(' ')} vault sftp`],
      ],
    }),
    example: 'sftp:vault:repository',
    // The vault keeps the repository as it was when this snapshot arrived.
    repositoryOf: (snapshot) => `kept/${snapshot}`,
  },
  s3: {
    kind: 's3',
    connect: ({ address, port, path }, repository) => ({
      argv: [
        ...['--repo', `s3:http://${address}:${port}/${path}/${repository}`],
        ...['--option', 's3.bucket-lookup=path'],
      ],
      env: { AWS_SHARED_CREDENTIALS_FILE: '/run/vault/credentials', AWS_DEFAULT_REGION: 'us-east-1' },
      // It retries for a quarter of an hour, for every subcommand.
      stallTimeout: STALL_TIMEOUT,
    }),
    example: 's3:http://vault/repository',
    repositoryOf: () => REPOSITORY,
  },
};

export interface ResticOptions {
  /** How the repository at the vault is reached: over ssh (sftp), or as an S3 bucket. Default `ssh`. */
  readonly via?: keyof typeof BACKENDS;
}

/** Backs a volume up into a restic repository at the vault. `s3` needs a vault with an object store. */
export function restic({ via = 'ssh' }: ResticOptions = {}): VolumeMethod {
  const backend = BACKENDS[via];
  return defineVolumeMethod({
    name: via === 'ssh' ? 'restic' : `restic, via ${via}`,
    limits: [...REPOSITORY_LIMITS, NO_FLAGS, { sentence: 'times after 2262', loses: ['mtime after 2262'] }],
    metadata: z.object({ snapshot: z.string().regex(/^[0-9a-f]{64}$/) }),

    async backup(volume, artifact, { copying }) {
      const run = resticRunner(backend, await artifact.account(backend.kind, [PASSWORD]), volume);
      let snapshot = '';
      await copying(volume, async () => {
        snapshot = await withRepository(
          () => backUp(volume, run),
          () => step('create the repository', () => run(REPOSITORY, ['init'])),
        );
      });
      return { snapshot };
    },

    async restore(artifact, volume, filling) {
      const { snapshot } = artifact.metadata;
      const run = resticRunner(backend, await artifact.account(backend.kind, [PASSWORD]), volume);
      const repository = backend.repositoryOf(snapshot);
      await step('read the whole repository', () =>
        run(repository, ['check', '--read-data', '--no-lock'], { otherwise: FAILURES.damaged }),
      );
      const restoration = [
        'restore',
        snapshot,
        '--target',
        '/',
        '--sparse',
        '--verify',
        '--no-lock',
      ] as const;
      await filling(() =>
        step(
          'restic restore',
          () => run(repository, restoration, { volumes: { [volume.name]: DATA } }),
          typedInContainer(volume, {
            at: DATA,
            image: '<restic image>',
            argv: ['restic', '--repo', backend.example, ...restoration],
          }),
        ),
      );
    },
  });
}

type RunRestic = (
  repository: string,
  command: readonly [subcommand: string, ...string[]],
  options?: Partial<ToolRun>,
) => Promise<string>;

/** `--quiet` leaves the summary and drops the progress; a cache in a throwaway container is of no use. */
const resticRunner =
  ({ connect }: Backend, account: Account, volume: Volume): RunRestic =>
  (repository, command, options = {}) => {
    const { argv, ...connection } = connect(account, repository);
    const common = ['restic', '--json', '--quiet', '--no-cache', '--retry-lock', LOCK_TIMEOUT];
    const password = ['--password-file', `/run/vault/${PASSWORD}`];
    return runTool(RESTIC, volume, {
      account,
      argv: [...common, ...argv, ...password, ...command],
      subcommand: command[0],
      ...connection,
      ...options,
    });
  };

/** Returns the snapshot's whole id: a prefix, or `latest`, may be another one's. */
async function backUp({ node, name }: Volume, run: RunRestic): Promise<string> {
  // Grouped by its tag, a volume is compared with its last snapshot, from any node.
  const which = ['--host', node.name, '--tag', `volume=${name}`, '--group-by', 'tags'];
  const printed = await run(REPOSITORY, ['backup', ...which, DATA], {
    stallTimeout: STALL_TIMEOUT,
    volumes: { [name]: `${DATA}:ro` },
  });
  const id = /"snapshot_id":"([0-9a-f]{64})"/.exec(printed)?.[1];
  if (id === undefined)
    throw finding('restic backup: succeeded without the id of a snapshot', {
      code: FAILURES.noRecoveryPoint.code,
      node: node.name,
      output: printed,
    });
  return id;
}
