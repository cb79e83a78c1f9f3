// Backups and recoveries of databases after which the server is up, and something is missing.
import { expect, test } from 'vitest';
import { seconds, type Kept, type Seeded, type Swarm } from 'swarm-drill';
import {
  evictAndEmptyVolume,
  outputOf,
  withServicesStopped,
  type RestoredWal,
  type Volume,
} from 'swarm-drill/workload';
import changedPassword from '../../drills/changed-password.drill.ts';
import dataDirectory from '../../drills/data-directory.drill.ts';
import databaseCopy from '../../drills/database-copy.drill.ts';
import databaseRoles from '../../drills/database-roles.drill.ts';
import keyValueSnapshot from '../../drills/key-value-snapshot.drill.ts';
import walGap from '../../drills/wal-gap.drill.ts';
import { Ledger, ledger } from '../../fixtures/ledger/ledger.ts';
import { type Sessions } from '../../fixtures/sessions/sessions.ts';
import { postgresBaseBackup, volumeArchive } from '../../src/method/methods.ts';
import { copiedSnapshot, plainDump, tornCopy } from '../support/naive-methods.ts';
import { differencesOf, failedChecks, naive } from '../support/scenario.ts';

const shopOf = (seeded: Seeded): Ledger => (seeded as unknown as { shop: Ledger }).shop;

/** Verified by the superuser, who sees every row. */
class AsSuperuser extends Ledger {
  override asApplication<T>(use: Parameters<Ledger['asApplication']>[0]): Promise<T> {
    return this.database.asSuperuser(use) as Promise<T>;
  }
}

test('dumps a database without its roles, and verifies it as the superuser', async () => {
  const report = await naive(databaseRoles, {
    backup: async ({ vault, seeded }) => ({ dump: await vault.keep(plainDump(), shopOf(seeded).database) }),
    async restore({ kept, survivors }) {
      const swarm = survivors as Swarm;
      await swarm.converged();
      const shop = new AsSuperuser(swarm);
      await kept['dump']?.restoreInto(shop.database);
      return { swarm, shop, app: shop };
    },
  });
  expect(failedChecks(report)).toContain('roles and grants match');
  expect(failedChecks(report)).not.toContain('rows match');
  expect(differencesOf(report, 'roles and grants match')).toContain(
    'access: pg_authid ledger_app is missing',
  );
  expect(report.verdict).toBe('not-recovered');
});

test('starts a database again whose password was changed, which ignores the variables of its image then', async () => {
  const report = await naive(changedPassword, {
    firstResponseLimit: seconds(5),
    async restore({ survivors }) {
      const swarm = survivors as Swarm;
      const shop = new Ledger(swarm);
      const manager = await swarm.manager();
      await manager.exec(['docker', 'service', 'update', '--force', '--detach', shop.database.service]);
      await swarm.converged();
      return { swarm, shop, app: shop };
    },
  });
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'first-response',
      reason: expect.stringContaining('password authentication failed') as string,
    },
  });
});

test('copies the files of a running database, which then starts without an error', async () => {
  const report = await naive(databaseCopy, {
    async backup({ vault, seeded }) {
      const shop = shopOf(seeded);
      const copy = tornCopy('receipts', shop.database, async () => {
        for (let number = 1; number <= 20; number++) await shop.write(`during-the-copy-${number}`);
      });
      return { database: await vault.keep(copy, await shop.databaseVolume()) };
    },
  });
  expect(failedChecks(report)).toContain('ledger balances');
  expect(failedChecks(report)).not.toContain('tasks running');
  expect(differencesOf(report, 'ledger balances')).toContainEqual(
    expect.stringMatching(/^20 receipts do not add up/),
  );
  expect(report.verdict).toBe('not-recovered');
});

test('refuses to archive the files of a database that runs', async () => {
  const report = await naive(databaseCopy, {
    backup: async ({ vault, seeded }) => ({
      database: await vault.keep(volumeArchive(), await shopOf(seeded).databaseVolume()),
    }),
  });
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'backup',
      reason: expect.stringMatching(
        /^volume ledger_database: is the data directory of a Postgres server that runs/,
      ),
    },
  });
});

test('replays WAL up to a gap, where the server opens', async () => {
  const report = await naive(walGap, {
    async backup({ swarm, vault, seeded }) {
      const copy = await vault.keep(postgresBaseBackup(), shopOf(seeded).database);
      return { ...(await walGap.plan.backup({ swarm, vault, seeded })), copy };
    },
    async restore({ kept, survivors }) {
      const swarm = survivors as Swarm;
      const shop = new Ledger(swarm);
      const volume = { swarm, node: swarm.node('manager-1'), name: ledger.databaseVolume };
      await withServicesStopped(swarm, [shop.database.service], async () => {
        const archive = await evictAndEmptyVolume({ ...volume, name: ledger.archiveVolume });
        await evictAndEmptyVolume(volume);
        await (kept['copy'] as Kept<Volume, void>).restoreInto(volume);
        await (kept['late'] as Kept<Volume, RestoredWal>).restoreInto(archive);
        await recoverWithoutTarget(volume);
      });
      await swarm.converged();
      return {
        swarm,
        shop,
        app: shop,
        refusal: 'segment 1 is missing before X; recovery is possible up to Y',
      };
    },
  });
  expect(failedChecks(report)).toEqual(['recovered up to the named time']);
  expect(report.verdict).toBe('not-recovered');
});

/** As many pages on the web have it: replay what is there, and open. */
async function recoverWithoutTarget({ node, name }: Volume): Promise<void> {
  const script = `cd /data; touch recovery.signal; chown 999:999 recovery.signal
    echo "restore_command = 'cp /archive/%f %p'" >>postgresql.auto.conf`;
  const { exitCode, stderr } = await outputOf(
    await node.startTool({ argv: ['sh', '-euc', script], volumes: { [name]: '/data' } }),
  );
  if (exitCode !== 0) throw new Error(stderr);
}

test('takes a server that an upgrade has started next to its volume for healthy', async () => {
  const report = await naive(dataDirectory, {
    async restore({ survivors }) {
      const swarm = survivors as Swarm;
      await swarm.converged();
      const shop = new AsSuperuser(swarm);
      await shop.database.asSuperuser((client) =>
        client.query(
          'CREATE TABLE receipts (id text); CREATE TABLE postings (receipt_id text, account_id int, amount int)',
        ),
      );
      return { swarm, shop, app: shop };
    },
  });
  expect(failedChecks(report)).toEqual(
    expect.arrayContaining(['sentinel from before the backup present', 'data in named volumes']),
  );
  expect(differencesOf(report, 'data in named volumes')).toEqual([
    expect.stringMatching(
      /^ledger_database\.1: \/var\/lib\/postgresql\/18\/docker\/.* and \d+ more: written outside/,
    ),
  ]);
  expect(report.verdict).toBe('not-recovered');
});

test('copies dump.rdb to a server with an append-only file, which answers PING', async () => {
  const report = await naive(keyValueSnapshot, {
    backup: async ({ vault, seeded }) => ({
      keys: await vault.keep(copiedSnapshot(), seeded.app as Sessions),
    }),
  });
  expect(failedChecks(report)).toEqual([
    'sentinel from before the backup present',
    'keys and values match',
    'key expiry matches',
  ]);
  expect(report.verdict).toBe('not-recovered');
});
