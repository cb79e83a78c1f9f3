// Scripts around restic that take every exit code for success, or check what can't fail.
import { expect, test } from 'vitest';
import type { Seeded, Swarm, Vault } from 'swarm-drill';
import { outputOf, type Volume } from 'swarm-drill/workload';
import {
  backUpLocked,
  corruptPack,
  incomplete,
  password,
  staleLock,
  whileUnreadable,
} from '../../drills/restic-repository.drill.ts';
import { LARGE_ATTACHMENT } from '../../fixtures/notes/attachments.ts';
import { Notes, notes } from '../../fixtures/notes/notes.ts';
import { restoreWhileStopped } from '../../fixtures/operator.ts';
import { monotonic } from '../../src/support/clock.ts';
import { differencesOf, failedChecks, naive } from '../support/scenario.ts';

const padOf = (seeded: Seeded): Notes => (seeded as unknown as { pad: Notes }).pad;

/** Runs restic as a script does: the last program's exit code is all that counts. @returns what it printed */
async function runScript(vault: Vault, { node, name }: Volume, script: string) {
  const account = await vault.account('restic', 'append', ['restic-password']);
  const restic = `restic --no-cache --repo sftp:vault:${account.path}/repository --option sftp.command='ssh -F /run/vault/config vault sftp' --password-file /run/vault/restic-password`;
  return outputOf(
    await node.startTool({
      image: 'tools',
      network: 'host',
      argv: ['sh', '-c', `restic() { command ${restic} "$@"; }\n${script}`],
      volumes: { [name]: '/data' },
      files: account.files,
    }),
  );
}

const restoredBy = (vault: () => Vault | undefined, script: string) => async (survivors: unknown) => {
  const swarm = survivors as Swarm;
  const volume = notes.volumeOn(swarm, { 'manager-1': notes.labels });
  const own = vault();
  if (!own) throw new Error('there is no vault');
  let ended: Awaited<ReturnType<typeof runScript>> | undefined;
  await restoreWhileStopped(new Notes(swarm).service, volume, {
    restoreInto: async (target) => {
      ended = await runScript(own, target, script);
    },
  });
  await swarm.converged();
  const pad = new Notes(swarm);
  return { ended, restored: { swarm, pad, app: pad, refusal: '' } };
};

test('takes exit code 3 for success, since a snapshot was saved', async () => {
  let vault: Vault | undefined;
  const report = await naive(incomplete, {
    async backup(context) {
      vault = context.vault;
      const volume = await padOf(context.seeded).volume();
      const { exitCode, stdout } = await whileUnreadable(volume, () =>
        runScript(context.vault, volume, 'restic init >/dev/null; restic backup /data; echo "exit code $?"'),
      );
      expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/snapshot \w+ saved[^]*exit code 3/)]);
      return {};
    },
    async restore({ survivors }) {
      const { ended, restored } = await restoredBy(
        () => vault,
        'restic restore latest --target /',
      )(survivors);
      expect(ended?.exitCode).toBe(0);
      return restored;
    },
  });
  expect(failedChecks(report)).toContain('files match');
  expect(differencesOf(report, 'files match')).toContain(`${LARGE_ATTACHMENT} is missing`);
  expect(report.verdict).toBe('not-recovered');
});

test('checks the repository without reading its data, and restores from it', async () => {
  let vault: Vault | undefined;
  const report = await naive(corruptPack, {
    async backup(context) {
      vault = context.vault;
      const kept = await corruptPack.plan.backup(context);
      const volume = await padOf(context.seeded).volume();
      const checked = await runScript(context.vault, volume, 'restic check --no-lock');
      expect([checked.exitCode, checked.stdout]).toEqual([
        0,
        expect.stringContaining('no errors were found'),
      ]);
      return kept;
    },
    async restore({ survivors }) {
      const script = 'restic restore latest --target / --no-lock || true';
      return (await restoredBy(() => vault, script)(survivors)).restored;
    },
  });
  expect(failedChecks(report)).toContain('files match');
  expect(differencesOf(report, 'files match')).toContainEqual(expect.stringContaining(LARGE_ATTACHMENT));
  expect(report.verdict).toBe('not-recovered');
});

test('waits for a lock that nothing releases: the backup ends, and says whose it is', async () => {
  let began = 0;
  const report = await naive(staleLock, {
    backup: (context) =>
      backUpLocked(async () => (began = monotonic()))(
        context as unknown as Parameters<ReturnType<typeof backUpLocked>>[0],
      ),
  });
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'backup',
      blame: 'finding',
      detail: expect.stringMatching(/locked exclusively by PID \d+ on vault/),
    },
  });
  expect(monotonic() - began).toBeLessThan(120);
});

test('loses the password with the swarm: the restore ends, and says so', async () => {
  let began = 0;
  let vault: Vault | undefined;
  const report = await naive(password, {
    async backup(context) {
      vault = context.vault;
      return password.plan.backup(context);
    },
    async restore(context) {
      began = monotonic();
      vault?.keys.lose();
      return password.plan.restore(context);
    },
  });
  expect(report).toMatchObject({ verdict: 'not-recovered', failure: { phase: 'restore', blame: 'finding' } });
  expect(report.failure?.reason).toMatch(/lost/);
  expect(monotonic() - began).toBeLessThan(120);
});
