// restic, with a real vault over ssh; the tests that it shares with other methods are in repository-suite.ts.
import { expect, test } from 'vitest';
import { runTool } from '../../../src/method/volume/repository.ts';
import { restic } from '../../../src/method/volume/restic.ts';
import { seconds, type Seconds } from '../../../src/support/clock.ts';
import { repositorySuite, type SuiteContext } from '../../support/repository-suite.ts';
import { findingOf } from '../../support/volumes.ts';

const REPOSITORY = '/vault/restic/repository';
const KEPT = '/vault/restic/kept';
const SFTP = 'ssh -F /run/vault/config vault sftp';
const client = (...argv: string[]): string[] => [
  ...['restic', '--no-cache', '--repo', `sftp:vault:${REPOSITORY}`, '--option', `sftp.command=${SFTP}`],
  ...['--password-file', '/run/vault/restic-password', ...argv],
];

/** The key works with every sftp client. */
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
  (context) => {
    test('reports a wrong password during a backup and during a restore', async () => {
      const { site, vault, files, older, method, withAccounts } = context();
      const wrong = withAccounts(
        (account) => ({ ...account, files: { ...account.files, 'run/vault/restic-password': 'wrong' } }),
        async () => [
          await findingOf(vault.keep(method, files)),
          await findingOf(older.kept.restoreInto(site.volume('again'))),
        ],
      );
      for (const { code, output } of await wrong) {
        expect(code).toBe('wrong-password');
        expect(output).toContain('wrong password');
      }
    });

    test('reports a missing repository', async () => {
      const { site, vault, older } = context();
      await vault.host.exec(['mv', KEPT, `${KEPT}-away`]);
      const { code, output } = await findingOf(older.kept.restoreInto(site.volume('again')));
      await vault.host.exec(['mv', `${KEPT}-away`, KEPT]);
      expect(code).toBe('no-repository');
      expect(output).toContain('repository does not exist');
    });

    test('waits for an exclusive lock, then reports it and does not break it; a restore needs no lock', async () => {
      const { site, vault, files, older, method } = context();
      await vault.host.exec(['sh', '-euc', KILLED_PRUNE, REPOSITORY], vault.keys.secret('restic-password'));
      const { code, output } = await findingOf(vault.keep(method, files));
      expect(code).toBe('repository-locked');
      expect(output).toMatch(/already locked exclusively by PID \d+ on vault/);
      await older.kept.restoreInto(site.volume('while-locked'));
      await vault.host.exec(['sh', '-c', 'rm "$0"/locks/*', REPOSITORY]);
    });

    test('interrupts a program that hangs, which then prints the reason, and not one that is slow', async () => {
      const run = runWatched(context(), seconds(2));
      const { code, output } = await findingOf(run(HANGING));
      expect(code).toBe('vault-full');
      expect(output).toBe('no activity for 2 s: interrupted\nno space left on device');
      const ignoring = await findingOf(run(`trap '' INT; sleep 1000 & wait; wait`));
      expect(ignoring.code).toBe('interrupted');
      expect(await run(SLOW)).toBe('done\n');
    });

    test('interrupts a program whose request keeps failing, and not one that fails at times', async () => {
      const run = runWatched(context(), seconds(20));
      const { code, output } = await findingOf(run(failing('12.5s')));
      expect(code).toBe('vault-unreachable');
      expect(output).toContain('the same request keeps failing: interrupted\nbroken pipe');
      expect((await findingOf(run(failing('1m2.5s')))).code).toBe('vault-unreachable');
      expect(
        await run("echo 'Save(<data/1>) returned error, retrying after 9.5s' >&2; sleep 2; echo done"),
      ).toBe('done\n');
    });
  },
);

const runWatched =
  ({ vault, files }: SuiteContext, stallTimeout: Seconds) =>
  async (script: string): Promise<string> =>
    runTool({ name: 'sh', failures: {} }, files, {
      account: await vault.account('restic', 'append'),
      argv: ['sh', '-c', script],
      stallTimeout,
    });

const HANGING = `trap 'echo no space left on device >&2; exit 1' INT; sleep 1000 & wait`;
/** Announces a retry, and ends after SIGINT, as restic does. */
const failing = (pause: string): string =>
  `trap 'echo broken pipe >&2; exit 130' INT; echo 'Save(<data/1>) returned error, retrying after ${pause}: no' >&2; sleep 1000 & wait`;
/** Runs longer than the timeout, but is never inactive for that long. */
const SLOW = 'for second in 1 2 3 4; do sleep 1; head -c 10000 /dev/zero >/dev/null; done; echo done';

/** Leaves the lock that a prune on another host leaves when it is killed. */
const KILLED_PRUNE = `umask 077; cat >/tmp/password; chown restic: /tmp/password
  runuser -u restic -- restic --no-cache --repo "$0" --password-file /tmp/password prune >/dev/null 2>&1 &
  locked() { find "$0/locks" -type f -name '????????????????????????????????????????????????????????????????' | grep -q .; }
  for try in $(seq 3000); do if locked; then break; fi; sleep 0.01; done
  kill -KILL $(grep -lxs restic /proc/[0-9]*/comm | cut -d/ -f3); rm /tmp/password; locked`;
