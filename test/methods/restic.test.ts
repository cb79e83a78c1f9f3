// restic, against a real vault over ssh; what it shares with the others is in repository-suite.ts.
import { expect, test } from 'vitest';
import { runTool } from '../../src/method/volume/repository.ts';
import { restic } from '../../src/method/volume/restic.ts';
import { seconds, type Seconds } from '../../src/support/clock.ts';
import { repositorySuite, type Stage } from '../support/repository-suite.ts';
import { findingOf } from '../support/volumes.ts';

const REPOSITORY = '/vault/restic/repository';
const KEPT = '/vault/restic/kept';
const SFTP = 'ssh -F /run/vault/config vault sftp';
const client = (...argv: string[]): string[] => [
  ...['restic', '--no-cache', '--repo', `sftp:vault:${REPOSITORY}`, '--option', `sftp.command=${SFTP}`],
  ...['--password-file', '/run/vault/restic-password', ...argv],
];

/** Whoever holds the key needs no restic. */
const BY_HAND = `cd ${REPOSITORY}
  -rm snapshots/*
  -rm data/*/*
  -rm keys/*
  -rm config
  -chmod 777 config
  -put /dev/null config
  -rename config gone
  -rename snapshots gone
  -rename ${KEPT} /vault/restic/gone
  -rm ${KEPT}/*/config
  -put /etc/hostname index/rubbish
  -rename ${REPOSITORY} /vault/restic/gone`;

repositorySuite(
  {
    kind: 'restic',
    method: restic(),
    secrets: ['restic-password'],
    server: 'sftp-server',
    data: KEPT,
    attacks: [
      client('forget', '--keep-last', '1', '--prune', '--max-repack-size', '0', '--group-by', ''),
      ['bash', '-c', `sftp -F /run/vault/config -s /sftp -b - vault <<<'${BY_HAND}'`],
    ],
  },
  (stage) => {
    test('a wrong password is told apart, at the backup and at the restore', async () => {
      const { place, vault, files, older, method, tampered } = stage();
      const wrong = tampered(
        (account) => ({ ...account, files: { ...account.files, 'run/vault/restic-password': 'wrong' } }),
        async () => [
          await findingOf(vault.keep(method, files)),
          await findingOf(older.kept.restoreInto(place.volume('again'))),
        ],
      );
      for (const { code, output } of await wrong) {
        expect(code).toBe('wrong-password');
        expect(output).toContain('wrong password');
      }
    });

    test('a repository that is gone is told apart', async () => {
      const { place, vault, older } = stage();
      await vault.host.exec(['mv', KEPT, `${KEPT}-away`]);
      const { code, output } = await findingOf(older.kept.restoreInto(place.volume('again')));
      await vault.host.exec(['mv', `${KEPT}-away`, KEPT]);
      expect(code).toBe('no-repository');
      expect(output).toContain('repository does not exist');
    });

    test('a lock that shuts others out is waited for, then told, and not broken; a restore needs none', async () => {
      const { place, vault, files, older, method } = stage();
      await vault.host.exec(['sh', '-euc', KILLED_PRUNE, REPOSITORY], vault.keys.secret('restic-password'));
      const { code, output } = await findingOf(vault.keep(method, files));
      expect(code).toBe('repository-locked');
      expect(output).toMatch(/already locked exclusively by PID \d+ on vault/);
      await older.kept.restoreInto(place.volume('while-locked'));
      await vault.host.exec(['sh', '-c', 'rm "$0"/locks/*', REPOSITORY]);
    });

    test('a program that got stuck is told to stop, and says why; one that is slow is not', async () => {
      const run = runWatched(stage(), seconds(2));
      const { code, output } = await findingOf(run(STUCK));
      expect(code).toBe('vault-full');
      expect(output).toBe('no sign of life for 2 s: told to stop\nno space left on device');
      const deaf = await findingOf(run(`trap '' INT; sleep 1000 & wait; wait`));
      expect(deaf.code).toBe('interrupted');
      expect(await run(SLOW)).toBe('done\n');
    });

    test('one that says that the same thing fails again and again is told to stop, and one that fails at times is not', async () => {
      const run = runWatched(stage(), seconds(20));
      const { code, output } = await findingOf(run(failing('12.5s')));
      expect(code).toBe('vault-unreachable');
      expect(output).toContain('it fails again and again: told to stop\nbroken pipe');
      expect((await findingOf(run(failing('1m2.5s')))).code).toBe('vault-unreachable');
      expect(
        await run("echo 'Save(<data/1>) returned error, retrying after 9.5s' >&2; sleep 2; echo done"),
      ).toBe('done\n');
    });
  },
);

const runWatched =
  ({ vault, files }: Stage, stallTimeout: Seconds) =>
  async (script: string): Promise<string> =>
    runTool({ name: 'sh', failures: {} }, files, {
      account: await vault.account('restic', 'append'),
      argv: ['sh', '-c', script],
      stallTimeout,
    });

const STUCK = `trap 'echo no space left on device >&2; exit 1' INT; sleep 1000 & wait`;
/** As restic announces it, and as it ends when it is interrupted. */
const failing = (pause: string): string =>
  `trap 'echo broken pipe >&2; exit 130' INT; echo 'Save(<data/1>) returned error, retrying after ${pause}: no' >&2; sleep 1000 & wait`;
/** Longer than the timeout, and never quiet for that long. */
const SLOW = 'for second in 1 2 3 4; do sleep 1; head -c 10000 /dev/zero >/dev/null; done; echo done';

/** Leaves the lock that a prune leaves when it is killed, somewhere else. */
const KILLED_PRUNE = `umask 077; cat >/tmp/password; chown restic: /tmp/password
  runuser -u restic -- restic --no-cache --repo "$0" --password-file /tmp/password prune >/dev/null 2>&1 &
  locked() { find "$0/locks" -type f -name '????????????????????????????????????????????????????????????????' | grep -q .; }
  for try in $(seq 3000); do if locked; then break; fi; sleep 0.01; done
  kill -KILL $(grep -lxs restic /proc/[0-9]*/comm | cut -d/ -f3); rm /tmp/password; locked`;
