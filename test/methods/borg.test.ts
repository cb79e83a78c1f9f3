// borg, against a real vault over ssh; what it shares with the others is in repository-suite.ts.
import { expect, test } from 'vitest';
import { borg } from '../../src/method/volume/borg.ts';
import { repositorySuite } from '../support/repository-suite.ts';
import { findingOf } from '../support/volumes.ts';

const REPOSITORY = '/vault/borg/repository';
const KEPT = '/vault/borg/kept';

/** Every archive, the space that they take, the repository itself, the points that are kept. */
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
  (stage) => {
    test('a wrong passphrase is told apart, at the backup and at the restore', async () => {
      const { place, vault, files, older, method, tampered } = stage();
      const wrong = tampered(
        (account) => ({ ...account, files: { ...account.files, 'run/vault/borg-passphrase': 'wrong' } }),
        async () => [
          await findingOf(vault.keep(method, files)),
          await findingOf(older.kept.restoreInto(place.volume('again'))),
        ],
      );
      for (const { code, output } of await wrong) {
        expect(code).toBe('wrong-password');
        expect(output).toMatch(/passphrase supplied .* is incorrect/);
      }
    });

    test('a recovery point that is gone is told apart', async () => {
      const { place, vault, older } = stage();
      await vault.host.exec(['mv', KEPT, `${KEPT}-away`]);
      const { code, output } = await findingOf(older.kept.restoreInto(place.volume('again')));
      await vault.host.exec(['mv', `${KEPT}-away`, KEPT]);
      expect(code).toBe('no-recovery-point');
      expect(output).toContain('there is no such recovery point');
    });

    test('a lock is waited for and then told; one whose holder died is no obstacle', async () => {
      const { vault, files, method } = stage();
      await vault.host.exec(['sh', '-euc', LOCK, REPOSITORY]);
      const { code, output } = await findingOf(vault.keep(method, files));
      expect(code).toBe('repository-locked');
      expect(output).toMatch(/failed to create\/acquire the lock/i);
      await vault.host.exec(['sh', '-euc', 'kill -KILL $(grep -lxs borg /proc/[0-9]*/comm | cut -d/ -f3)']);
      expect(await vault.host.exec(['ls', REPOSITORY])).toContain('lock.exclusive');
      await vault.keep(method, files);
    });

    test('with the key gone from the repository, the one that was carried off opens it', async () => {
      const { place, vault, older } = stage();
      const inEach = (script: string): Promise<string> =>
        vault.host.exec(['sh', '-euc', `cd ${KEPT}; for point in *; do ${script}; done`]);
      await inEach(
        'cp "$point/config" "/tmp/$point.config"; sed "/^key/,\\$d" "/tmp/$point.config" >"$point/config"',
      );
      const config = await inEach('cat "$point/config"');
      expect(config).toMatch(/^id = [0-9a-f]{64}$/m);
      expect(config).not.toContain('key');
      const opened = place.volume('opened');
      await older.kept.restoreInto(opened);
      await inEach('cat "/tmp/$point.config" >"$point/config"');
    });
  },
);

/** An operator at work, who doesn't end. */
const LOCK = `HOME=/tmp setsid runuser -u borg -- borg with-lock "$0" sleep 600 >/dev/null 2>&1 </dev/null &
  for try in $(seq 3000); do if [ -e "$0/lock.exclusive" ]; then exit; fi; sleep 0.01; done; exit 1`;
