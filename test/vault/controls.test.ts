// Vaults with one fault each, which the checks of the vault must find.
import { expect, inject, test } from 'vitest';
import { seconds } from '../../src/support/clock.ts';
import type { Plan } from '../../src/drill/plan.ts';
import { connect } from '../../src/lab/engine/connect.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { outcome, resultOf, small } from '../support/control.ts';

interface Harm {
  /** Done at the end of the backup. `sentinel` is text that was seeded in plain before it. */
  readonly backup?: (vault: Vault, sentinel: string) => Promise<unknown>;
  /** Done when the swarm is gone. */
  readonly restore?: (vault: Vault) => Promise<unknown>;
}

/** The small drill, with something done to its vault. */
function withVault(harm: Harm): Plan {
  let sentinel = '';
  let own: Vault | undefined;
  return {
    ...small,
    async seed(context) {
      const seeded = await small.seed(context);
      const { app } = seeded;
      const write = async (id: string): Promise<void> => {
        if (id.startsWith('before-')) sentinel = id;
        await app.write(id);
      };
      return { ...seeded, app: { write, present: (ids) => app.present(ids) } };
    },
    async backup(context) {
      own = context.vault;
      const kept = await small.backup(context);
      await harm.backup?.(own, sentinel);
      return kept;
    },
    async restore(context) {
      if (own) await harm.restore?.(own);
      return small.restore(context);
    },
  };
}

const ENCRYPTED = 'vault contents encrypted at rest';
const ISOLATED = 'vault isolated from the swarm';
const engine = () => connect(inject('lab').host);

test('finds seeded text in the vault as stored, compressed, and in a git object', async () => {
  const report = await outcome(() =>
    withVault({
      async backup(vault, sentinel) {
        const text = `${'a line of no interest\n'.repeat(5000)}${sentinel}\n`;
        await vault.host.exec(['sh', '-c', 'cat >/vault/restic/notes'], text);
        await vault.host.exec(['sh', '-c', 'zstd -q -o /vault/restic/packed'], text);
        const keep = 'git init --quiet --bare here.git; git -C here.git hash-object -w --stdin >here.git/id';
        await vault.host.exec(['sh', '-euc', `cd /vault/restic; ${keep}`], text);
      },
    }),
  );
  const { result, differences } = resultOf(report, ENCRYPTED);
  expect(result).toBe('fail');
  expect(differences.toSorted()).toEqual([
    expect.stringMatching(/^restic\/here.git: contains "before-.*" in plain text$/),
    expect.stringMatching(/^restic\/notes: contains "before-.*" in plain text$/),
    expect.stringMatching(/^restic\/packed: contains "before-.*" in plain text$/),
  ]);
  expect(report.verdict).toBe('not-recovered');
});

test('finds a vault on the network of the swarm', async () => {
  const report = await outcome(() =>
    withVault({
      async backup(vault) {
        const { container } = await vault.host.parts();
        const { Name } = await engine().containers.inspect(container);
        const site = Name.slice(1).replace(/-vault$/, '');
        await engine().networks.connect(site, container);
      },
    }),
  );
  expect(resultOf(report, ISOLATED)).toMatchObject({
    result: 'fail',
    differences: [expect.stringContaining('manager-1: shares the network')],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('finds a vault that was restarted after the disaster', async () => {
  const report = await outcome(() =>
    withVault({
      async restore(vault) {
        const { container } = await vault.host.parts();
        await engine().containers.stop(container, { grace: seconds(1) });
        await engine().containers.start(container);
        await waitUntil('the vault', async () => ({ done: await vault.host.exec(['cat', '/run/sshd.pid']) }));
      },
    }),
  );
  expect(resultOf(report, ISOLATED)).toMatchObject({
    result: 'fail',
    differences: ['vault: created or started again since the backup'],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('does not recover when the key is lost', async () => {
  const report = await outcome(() => withVault({ restore: async (vault) => vault.keys.lose() }));
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: { phase: 'restore', reason: expect.stringContaining('the age identity of the vault is lost') },
  });
});

test('fails the backup in time when the vault is unreachable', async () => {
  const report = await outcome(() => ({
    ...small,
    async backup(context) {
      await context.vault.host.disconnect();
      return small.backup(context);
    },
  }));
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: { phase: 'backup', blame: 'finding', reason: expect.stringMatching(/^send \S+ to the vault: /) },
  });
  expect(report.failure?.detail).toMatch(/ssh|connect|resolve/i);
});
