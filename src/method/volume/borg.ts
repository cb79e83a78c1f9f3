// A volume in a borg repository at the vault, over ssh: encrypted and deduplicated before it leaves its node. The artifact also holds
// the repository's key, and a restore opens the repository with that copy.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Account } from '../../model/account.ts';
import { SSH } from '../../vault/ssh-config.ts';
import { step } from '../../support/trace.ts';
import { FAILURES, type FailureKind, type Program } from '../../vault/failures.ts';
import { typedInContainer } from '../container/typed.ts';
import type { Volume, VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { REPOSITORY_LIMITS } from './limits.ts';
import { runInVault, runTool, withRepository, type ToolRun } from './repository.ts';

const range = (first: number, last: number, failure: FailureKind): Record<number, FailureKind> =>
  Object.fromEntries(Array.from({ length: last - first + 1 }, (_, index) => [first + index, failure]));

/** The modern ones: https://borgbackup.readthedocs.io/en/1.4-maint/internals/frontends.html#message-ids */
const BORG: Program = {
  name: 'borg',
  failures: {
    1: FAILURES.incomplete,
    3: FAILURES.interrupted,
    12: FAILURES.damaged,
    13: FAILURES.noRepository,
    14: FAILURES.full,
    ...range(15, 17, FAILURES.damaged),
    20: FAILURES.full,
    31: FAILURES.noRecoveryPoint,
    ...range(40, 44, FAILURES.wrongPassword),
    ...range(50, 53, FAILURES.wrongPassword),
    ...range(70, 75, FAILURES.locked),
    80: FAILURES.unreachable,
    87: FAILURES.unreachable,
    ...range(90, 99, FAILURES.damaged),
    ...range(100, 127, FAILURES.incomplete),
  },
};

const PASSPHRASE = 'borg-passphrase';
const KEY = 'borg.key';
const DATA = '/data';
/** Seconds. borg breaks a lock whose holder is dead, which it can detect: every holder runs at the vault. */
const LOCK_TIMEOUT = 20;

const ENV = {
  BORG_RSH: SSH.join(' '),
  BORG_PASSCOMMAND: `cat /run/vault/${PASSPHRASE}`,
  BORG_EXIT_CODES: 'modern',
  // Answers to its questions, which it therefore does not ask.
  BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'no',
  // Names of files are bytes, and not all of them are ASCII.
  LC_ALL: 'C.UTF-8',
};

/** Backs a volume up into a borg repository at the vault. */
export const borg = (): VolumeMethod =>
  defineVolumeMethod({
    name: 'borg',
    limits: [
      ...REPOSITORY_LIMITS,
      {
        // borg ignores that it may not set them: containers don't have the capability (CAP_LINUX_IMMUTABLE).
        sentence: 'that a file is immutable or append-only (chattr +i, +a); other flags come back',
        loses: ['immutable files'],
      },
      {
        sentence: 'times before 1970, which come back as 1970, and after 2038, which come back as 2038',
        loses: ['mtime before 1970', 'mtime after 2038', 'mtime after 2262'],
      },
    ],
    metadata: z.object({ archive: z.string().min(1) }),

    async backup(volume, artifact, { copying }) {
      const account = await artifact.account('borg', [PASSPHRASE]);
      const run = borgRunner(volume, account);
      const repository = `ssh://vault${account.path}/repository`;
      const archive = `${volume.name}-${randomUUID()}`;
      const volumes = { [volume.name]: `${DATA}:ro` };
      await copying(volume, async () => {
        await withRepository(
          () => run(['create', `${repository}::${archive}`, DATA], { volumes }),
          () =>
            step('create the repository', () => run(['init', '--encryption', 'repokey-blake2', repository])),
        );
      });
      // The appending key can still delete from the repository, so the vault makes a recovery point of what is in it now.
      await runInVault(volume, account, ['keep', archive]);
      await run(['key', 'export', repository], {}, (key) => artifact.put(KEY, key));
      return { archive };
    },

    async restore(artifact, volume, filling) {
      const { archive } = artifact.metadata;
      const account = await artifact.account('borg', [PASSPHRASE]);
      const run = borgRunner(volume, account);
      const view = (
        await runInVault(volume, account, ['view', archive], { failures: { 77: FAILURES.noRecoveryPoint } })
      ).trim();
      const repository = `ssh://vault${view}`;
      try {
        const key = await text(artifact.open(KEY));
        await step('import the key', () =>
          run(['key', 'import', repository, `/run/vault/${KEY}`], { files: { [`run/vault/${KEY}`]: key } }),
        );
        await step('read the whole repository', () =>
          run(['check', '--verify-data', repository], {
            failures: { 1: FAILURES.damaged },
            otherwise: FAILURES.damaged,
          }),
        );
        const extract = ['extract', '--sparse', '--numeric-ids'] as const;
        await filling(() =>
          step(
            'borg extract',
            () => run([...extract, `${repository}::${archive}`], { volumes: { [volume.name]: DATA } }),
            typedInContainer(volume, {
              at: DATA,
              image: '<borg image>',
              argv: ['borg', ...extract, `ssh://vault/repository::${archive}`],
            }),
          ),
        );
      } finally {
        // A view that stays does no harm, and an error here must not mask why the restore failed.
        await runInVault(volume, account, ['leave', view]).catch(() => undefined);
      }
    },
  });

const borgRunner =
  (volume: Volume, account: Account) =>
  <T = string>(
    command: readonly [subcommand: string, ...string[]],
    options: Partial<ToolRun> = {},
    read?: (stdout: Readable) => Promise<T>,
  ): Promise<T> =>
    runTool(
      BORG,
      volume,
      {
        account,
        env: ENV,
        argv: ['borg', '--log-json', '--lock-wait', String(LOCK_TIMEOUT), ...command],
        subcommand: command[0] === 'key' ? command.slice(0, 2).join(' ') : command[0],
        ...options,
      },
      read,
    );
