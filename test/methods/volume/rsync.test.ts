// rsync, with a real vault over ssh; the tests that it shares with other methods are in repository-suite.ts.
import { expect, test } from 'vitest';
import { readManifest } from '../../../src/check/files/manifest.ts';
import type { VolumeMethod } from '../../../src/method/container/volume.ts';
import { rsync } from '../../../src/method/volume/rsync.ts';
import { FILE_ASPECTS, type Aspect } from '../../../src/model/aspect.ts';
import { repositorySuite } from '../../support/repository-suite.ts';
import { expectedLosses, findingOf, inVolume, lostAspects } from '../../support/volumes.ts';

const KEPT = '/vault/rsync/kept';

/** Tries to write over kept snapshots, into them, outside of the allowed directory, and with options that write elsewhere. */
const BY_HAND = `export RSYNC_RSH='ssh -F /run/vault/config'
  mkdir /tmp/empty; echo harm >/tmp/harm; ln -s ${KEPT} /tmp/link
  line=all.files
  for place in "$line/latest/" "kept/$line/" "../kept/$line/latest/" "$line/../../kept/" "${KEPT}/" /; do
    rsync -r --delete /tmp/empty/ "vault:$place"
    rsync -a /tmp/harm "vault:$place"
    rsync -a --remove-source-files "vault:$place" /tmp/stolen
  done
  rsync -a --log-file=/dev/null --remote-option=--log-file=${KEPT}/log /tmp/harm vault:line/one/
  rsync -a --backup --backup-dir=${KEPT} /tmp/harm vault:line/two/
  rsync -aK /tmp/link vault:line/three/
  rsync -a /tmp/link vault:line/four/
  rsync -a /tmp/harm vault:line/four/link/
  rsync -a --rsync-path='rm -rf ${KEPT}; rsync' /tmp/harm vault:line/five/
  rsh="$RSYNC_RSH vault"
  $rsh rm -rf ${KEPT}
  $rsh "keep line/four; rm -rf ${KEPT}"
  $rsh keep "$line/latest"`;

repositorySuite(
  {
    kind: 'rsync',
    method: rsync({ preserve: 'all' }),
    secrets: [],
    server: 'rsync',
    data: KEPT,
    attacks: [['bash', '-c', BY_HAND]],
  },
  (context) => {
    test('loses the declared aspects with `basic`, and a change of the same size within the second, which `all` keeps', async () => {
      const { site, vault, files } = context();
      const declared = await expectedLosses(rsync(), await readManifest(files));
      const lostBy = async (method: VolumeMethod, into: string): Promise<Aspect[]> => {
        const volume = site.volume(into);
        const manifest = await readManifest(files);
        await (await vault.keep(method, files)).restoreInto(volume);
        return lostAspects(manifest, await readManifest(volume));
      };
      expect(await lostBy(rsync(), 'first')).toEqual(declared);
      await inVolume(files, ['python3', '-c', SAME_SECOND]);
      expect(await lostBy(rsync(), 'second')).toEqual(
        FILE_ASPECTS.filter((aspect) => ['content', 'mtime below a second', ...declared].includes(aspect)),
      );
      expect(await lostBy(rsync({ preserve: 'all' }), 'third')).toEqual(['file flags']);
    });

    test('reports a missing snapshot', async () => {
      const { site, vault, older } = context();
      await vault.host.exec(['mv', KEPT, `${KEPT}-away`]);
      const { code, output } = await findingOf(older.kept.restoreInto(site.volume('again')));
      await vault.host.exec(['mv', `${KEPT}-away`, KEPT]);
      expect(code).toBe('no-recovery-point');
      expect(output).toContain('there is no such snapshot');
    });

    test('reports a key that the vault does not know', async () => {
      const { vault, files, method, withAccounts } = context();
      const { code, output } = await withAccounts(
        (account) => ({ ...account, user: account.user, files: { ...account.files, 'run/vault/key': '' } }),
        () => findingOf(vault.keep(method, files)),
      );
      expect(code).toBe('vault-refused');
      expect(output).toMatch(/permission denied \(publickey\)/i);
    });
  },
);

/** Writes other content of the same size in the same second. */
const SAME_SECOND = `import os
path = '/data/many/02/2/000002'
was = os.stat(path)
with open(path, 'r+b') as file: file.write(os.urandom(was.st_size))
os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns // 10**9 * 10**9 + (was.st_mtime_ns + 500_000_000) % 10**9))
assert was.st_size > 0 and os.stat(path).st_mtime_ns // 10**9 == was.st_mtime_ns // 10**9`;
