// A volume as a directory at the vault, by rsync over ssh. Each snapshot is a whole tree, in which files that did not change are hard
// links of those in the snapshot before.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SSH } from '../../vault/ssh-config.ts';
import type { Limit } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { FAILURES, type Program } from '../../vault/failures.ts';
import { typedInContainer } from '../container/typed.ts';
import type { VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { CONCURRENT_WRITES, NO_FLAGS } from './limits.ts';
import { runInVault, runTool } from './repository.ts';

/** rsync(1), EXIT VALUES. What an exit code of ssh means is in its message. */
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

const UNENCRYPTED: Limit = {
  sentence:
    'confidentiality: the vault stores the files as they are, so put it on an encrypted disk (LUKS, an encrypted ZFS dataset)',
  loses: ['encrypted in the vault'],
};

const PRESERVE: Readonly<
  Record<'basic' | 'all', { readonly flags: readonly string[]; readonly limits: readonly Limit[] }>
> = {
  basic: {
    flags: ['-a'],
    limits: [
      { sentence: 'hard links: each name becomes a separate file', loses: ['hard links'] },
      {
        sentence: 'extended attributes, file capabilities among them, and ACLs',
        loses: ['extended attributes', 'file capabilities', 'ACLs'],
      },
      { sentence: 'holes in sparse files: they come back full of zeros', loses: ['sparse files'] },
      { sentence: 'a change that leaves size and modification time as they were, to the second' },
    ],
  },
  all: {
    flags: ['-aHAXS', '--numeric-ids', '--modify-window=-1'],
    limits: [{ sentence: 'a change that leaves size and modification time as they were, to the nanosecond' }],
  },
};

export interface RsyncOptions {
  /** `basic` is `rsync -a`; `all` also keeps hard links, extended attributes, ACLs and holes. Default `basic`. */
  readonly preserve?: keyof typeof PRESERVE;
}

/** Copies a volume to the vault with rsync, one snapshot a backup. */
export function rsync({ preserve = 'basic' }: RsyncOptions = {}): VolumeMethod {
  const { flags, limits } = PRESERVE[preserve];
  return defineVolumeMethod({
    name: preserve === 'basic' ? 'rsync' : `rsync, preserve ${preserve}`,
    limits: [...limits, NO_FLAGS, UNENCRYPTED, CONCURRENT_WRITES],
    metadata: z.object({ snapshot: z.string().min(1) }),

    async backup(volume, artifact, { copying }) {
      const account = await artifact.account('rsync');
      const snapshot = `${preserve}.${volume.name}/${randomUUID()}`;
      await copying(volume, async () => {
        await runTool(RSYNC, volume, {
          account,
          env: ENV,
          argv: ['rsync', ...flags, `${DATA}/`, `vault:${snapshot}/`],
          volumes: { [volume.name]: `${DATA}:ro` },
        });
      });
      // The vault moves the snapshot to where the appending key can't reach it, then lists it: a restore compares every byte with the list.
      await runInVault(volume, account, ['keep', snapshot], {}, (list) => artifact.put(LIST, list));
      return { snapshot };
    },

    async restore(artifact, volume, filling) {
      const { snapshot } = artifact.metadata;
      const account = await artifact.account('rsync');
      const differences = await step('compare the snapshot with its list', () =>
        runInVault(volume, account, ['differing', snapshot], {
          input: artifact.open(LIST),
          failures: { 77: FAILURES.noRecoveryPoint },
        }),
      );
      if (differences !== '') {
        const { code, reason, hint } = FAILURES.damaged;
        throw finding(reason, { code, hint, output: differences });
      }
      const argv = ['rsync', ...flags, `vault:${snapshot}/`, `${DATA}/`];
      await filling(() =>
        step(
          'rsync',
          () => runTool(RSYNC, volume, { account, env: ENV, argv, volumes: { [volume.name]: DATA } }),
          typedInContainer(volume, { at: DATA, image: '<rsync image>', argv }),
        ),
      );
    },
  });
}
