// borg, with a real vault over ssh; the tests that it shares with other methods are in repository-suite.ts.
import { expect, test } from 'vitest';
import { borg } from '../../../src/method/volume/borg.ts';
import { repositorySuite } from '../../support/repository-suite.ts';
import { findingOf } from '../../support/volumes.ts';

const REPOSITORY = '/vault/borg/repository';
const KEPT = '/vault/borg/kept';

/** Tries to delete every archive, their space, the repository itself and the kept recovery points. */
const BY_HAND = `export BORG_RSH='ssh -F /run/vault/config' BORG_PASSCOMMAND='cat /run/vault/borg-passphrase' BORG_REPO=ssh://vault${REPOSITORY}
  export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_DELETE_I_KNOW_WHAT_I_AM_DOING=YES BORG_CHECK_I_KNOW_WHAT_I_AM_DOING=YES
  borg delete --glob-archives '*'
  borg compact
  borg check --repair
  borg delete
  borg list ssh://vault${KEPT}
  rsh="$BORG_RSH vault"
  $rsh rm -rf ${KEPT}
  $rsh view "$(borg list --short)"
  $rsh leave ../kept
  sftp -F /run/vault/config -b - vault <<<'rm ${KEPT}/*/config'`;

repositorySuite(
  {
    kind: 'borg',
    method: borg(),
    secrets: ['borg-passphrase'],
    server: 'borg',
    data: KEPT,
    attacks: [['bash', '-c', BY_HAND]],
  },
  (context) => {
    test('reports a wrong passphrase during a backup and during a restore', async () => {
      const { site, vault, files, older, method, withAccounts } = context();
      const wrong = withAccounts(
        (account) => ({ ...account, files: { ...account.files, 'run/vault/borg-passphrase': 'wrong' } }),
        async () => [
          await findingOf(vault.keep(method, files)),
          await findingOf(older.kept.restoreInto(site.volume('again'))),
        ],
      );
      for (const { code, output } of await wrong) {
        expect(code).toBe('wrong-password');
        expect(output).toMatch(/passphrase supplied .* is incorrect/);
      }
    });

    test('reports a missing recovery point', async () => {
      const { site, vault, older } = context();
      await vault.host.exec(['mv', KEPT, `${KEPT}-away`]);
      const { code, output } = await findingOf(older.kept.restoreInto(site.volume('again')));
      await vault.host.exec(['mv', `${KEPT}-away`, KEPT]);
      expect(code).toBe('no-recovery-point');
      expect(output).toContain('there is no such recovery point');
    });

    test('waits for a lock, then reports it, and breaks one whose holder has died', async () => {
      const { vault, files, method } = context();
      await vault.host.exec(['sh', '-euc', LOCK, REPOSITORY]);
      const { code, output } = await findingOf(vault.keep(method, files));
      expect(code).toBe('repository-locked');
      expect(output).toMatch(/failed to create\/acquire the lock/i);
      await vault.host.exec(['sh', '-euc', 'kill -KILL $(grep -lxs borg /proc/[0-9]*/comm | cut -d/ -f3)']);
      expect(await vault.host.exec(['ls', REPOSITORY])).toContain('lock.exclusive');
      await vault.keep(method, files);
    });

    test('opens a repository that has lost its key with the copy in the artifact', async () => {
      const { site, vault, older } = context();
      const inEach = (script: string): Promise<string> =>
        vault.host.exec(['sh', '-euc', `cd ${KEPT}; for point in *; do ${script}; done`]);
      await inEach(
        'cp "$point/config" "/tmp/$point.config"; sed "/^key/,\\$d" "/tmp/$point.config" >"$point/config"',
      );
      const config = await inEach('cat "$point/config"');
      expect(config).toMatch(/^id = [0-9a-f]{64}$/m);
      expect(config).not.toContain('key');
      const opened = site.volume('opened');
      await older.kept.restoreInto(opened);
      await inEach('cat "/tmp/$point.config" >"$point/config"');
    });
  },
);

/** Holds the lock, as an operator at work does. */
const LOCK = `HOME=/tmp setsid runuser -u borg -- borg with-lock "$0" sleep 600 >/dev/null 2>&1 </dev/null &
  for try in $(seq 3000); do if [ -e "$0/lock.exclusive" ]; then exit; fi; sleep 0.01; done; exit 1`;
