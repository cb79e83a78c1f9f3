// A volume in a borg repository at the vault, over ssh: encrypted and deduplicated before it leaves its node. The repository's key is
// carried off in the artifact as well, and it is that copy which a restore opens the repository with.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { step } from '../../support/trace.ts';
import { SSH, type Account } from '../../model/account.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { FAILURES, type FailureKind, type Program } from '../../vault/failures.ts';
import { runVaultCommand, withRepository, runTool, type Job } from './repository.ts';
import { volumeMetadata, requireFilledVolume, type Volume } from '../container/volume.ts';

const range = (first: number, last: number, meaning: FailureKind): Record<number, FailureKind> =>
  Object.fromEntries(Array.from({ length: last - first + 1 }, (_, index) => [first + index, meaning]));

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
/** Seconds that it waits for a lock. One whose holder is dead it breaks itself, and can: every holder lives at the vault. */
const PATIENCE = 20;

const ENV = {
  BORG_RSH: SSH.join(' '),
  BORG_PASSCOMMAND: `cat /run/vault/${PASSPHRASE}`,
  BORG_EXIT_CODES: 'modern',
  // What it could ask is answered here; it never gets to ask.
  BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'no',
  // Names of files are bytes, and not all of them are ASCII.
  LC_ALL: 'C.UTF-8',
};

export const borg: Method<Volume, Volume, void> = {
  name: 'borg',
  cannotHold: [
    'writes made while it is read: files that change under it come from different moments',
    'which zeros of a file were written and which were a hole: long runs come back as holes; sockets',
  ],
  loses: [],

  async backup(volume, deposit) {
    const facts = await requireFilledVolume(volume);
    const account = await deposit.account('borg', [PASSPHRASE]);
    const repository = `ssh://vault${account.path}/repository`;
    const archive = `${volume.name}-${randomUUID()}`;
    await withRepository(
      () =>
        runTool(BORG, volume, {
          ...job(account, ['create', `${repository}::${archive}`, DATA]),
          volumes: { [volume.name]: `${DATA}:ro` },
        }),
      () =>
        step('make the repository', () =>
          runTool(BORG, volume, job(account, ['init', '--encryption', 'repokey-blake2', repository])),
        ),
    );
    // Of what it holds now the vault makes a recovery point: from the repository, its bringer can still delete.
    await runVaultCommand(volume, account, ['keep', archive]);
    await runTool(BORG, volume, job(account, ['key', 'export', repository]), (key) => deposit.put(KEY, key));
    return { ...volumeMetadata(volume, facts), archive };
  },

  async restore(artifact, volume) {
    const { archive = '' } = artifact.metadata;
    const account = await artifact.account('borg', [PASSPHRASE]);
    const view = (
      await runVaultCommand(volume, account, ['view', archive], {
        failures: { 77: FAILURES.noRecoveryPoint },
      })
    ).trim();
    const repository = `ssh://vault${view}`;
    try {
      const key = await text(artifact.open(KEY));
      await step('give it its key', () =>
        runTool(BORG, volume, {
          ...job(account, ['key', 'import', repository, `/run/vault/${KEY}`]),
          files: { [`run/vault/${KEY}`]: key },
        }),
      );
      await step('read the whole repository', () =>
        runTool(BORG, volume, {
          ...job(account, ['check', '--verify-data', repository]),
          failures: { 1: FAILURES.damaged },
          otherwise: FAILURES.damaged,
        }),
      );
      await restoreIntoEmptyVolume(volume, artifact.metadata, () =>
        runTool(BORG, volume, {
          ...job(account, ['extract', '--sparse', '--numeric-ids', `${repository}::${archive}`]),
          volumes: { [volume.name]: DATA },
        }),
      );
    } finally {
      // Left lying it harms nobody, and it is not to hide why the restore failed.
      await runVaultCommand(volume, account, ['leave', view]).catch(() => undefined);
    }
  },
};

const job = (account: Account, argv: readonly string[]): Job => ({
  account,
  env: ENV,
  argv: ['borg', '--log-json', '--lock-wait', String(PATIENCE), ...argv],
});
