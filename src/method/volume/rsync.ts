// A volume as a directory at the vault, by rsync over ssh. Each snapshot is a whole tree of its own, in which files that didn't
// change are hard links of those in the one before.
import { randomUUID } from 'node:crypto';
import { SSH } from '../../model/account.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { FAILURES, type Program } from '../../vault/failures.ts';
import { runVaultCommand, runTool } from './repository.ts';
import { volumeMetadata, requireFilledVolume, type Volume } from '../container/volume.ts';

/** rsync(1), EXIT VALUES. Of what ssh ends with, its words say more. */
const RSYNC: Program = {
  name: 'rsync',
  failures: {
    10: FAILURES.unreachable,
    20: FAILURES.interrupted,
    23: FAILURES.incomplete,
    24: FAILURES.incomplete,
    30: FAILURES.unreachable,
    35: FAILURES.unreachable,
  },
};

const DATA = '/data';
const LIST = 'kept.list';
const ENV = { RSYNC_RSH: SSH.join(' ') };

const IN_PLAIN =
  'a secret: the vault has the files as they are; give it a disk that is encrypted below them (LUKS, or an encrypted ZFS dataset)';
const WHILE_READ = 'writes made while it is read: files that change under it come from different moments';

/** What people type. */
export const rsyncArchive = variant('rsync -a', ['-a'], {
  cannotHold: [
    'hard links (each name becomes a file of its own), extended attributes with file capabilities, ACLs, holes in sparse files',
    'a change that leaves size and modification time as they were, to the second',
    IN_PLAIN,
    WHILE_READ,
  ],
  loses: ['hard links', 'extended attributes', 'ACLs', 'sparse files', 'encrypted in the vault'],
});

/** What it takes to keep everything. */
export const rsyncFull = variant('rsync -aHAXS', ['-aHAXS', '--numeric-ids', '--modify-window=-1'], {
  cannotHold: [
    'a change that leaves size and modification time as they were, to the nanosecond',
    IN_PLAIN,
    WHILE_READ,
  ],
  loses: ['encrypted in the vault'],
});

function variant(
  name: string,
  flags: readonly string[],
  limits: Pick<Method<Volume, Volume, void>, 'cannotHold' | 'loses'>,
): Method<Volume, Volume, void> {
  return {
    name,
    ...limits,

    async backup(volume, deposit) {
      const facts = await requireFilledVolume(volume);
      const account = await deposit.account('rsync');
      const snapshot = `${name.replaceAll(/\W+/g, '')}.${volume.name}/${randomUUID()}`;
      await runTool(RSYNC, volume, {
        account,
        env: ENV,
        argv: ['rsync', ...flags, `${DATA}/`, `vault:${snapshot}/`],
        volumes: { [volume.name]: `${DATA}:ro` },
      });
      // Out of its bringer's reach, and then told, so that a restore can compare every byte with it.
      await runVaultCommand(volume, account, ['keep', snapshot], {}, (list) => deposit.put(LIST, list));
      return { ...volumeMetadata(volume, facts), snapshot };
    },

    async restore(artifact, volume) {
      const { snapshot = '' } = artifact.metadata;
      const account = await artifact.account('rsync');
      const differences = await step('compare the snapshot with its list', () =>
        runVaultCommand(volume, account, ['differing', snapshot], {
          input: artifact.open(LIST),
          failures: { 77: FAILURES.noRecoveryPoint },
        }),
      );
      if (differences !== '') {
        const { code, reason, hint } = FAILURES.damaged;
        throw finding(reason, { code, hint, output: differences });
      }
      await restoreIntoEmptyVolume(volume, artifact.metadata, () =>
        runTool(RSYNC, volume, {
          account,
          env: ENV,
          argv: ['rsync', ...flags, `vault:${snapshot}/`, `${DATA}/`],
          volumes: { [volume.name]: DATA },
        }),
      );
    },
  };
}
