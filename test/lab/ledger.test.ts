// The ledger itself, on a swarm of one node: what drills rely on must be true before anything is lost.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Swarm } from '../../src/swarm/swarm.ts';
import type { LedgerContents } from '../../fixtures/ledger/contents.ts';
import { ledger, type Ledger } from '../../fixtures/ledger/ledger.ts';
import type { Observation } from '../../src/model/check.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';

const scope = new Scope();
let shop: Ledger;

beforeAll(async () => {
  const site = await Site.open({
    lab: inject('lab'),
    run: `ledger-test-${process.pid}`,
    drill: 'ledger',
    scope,
  });
  const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  shop = await ledger.deploy(swarm, { seed: 'ledger test', size: 'small' });
});
afterAll(() => scope[Symbol.asyncDispose]());

const sql = (text: string): Promise<Record<string, unknown>[]> =>
  shop.database.asSuperuser(async (client) => (await client.query<Record<string, unknown>>(text)).rows);

test('Postgres writes a checksum to every page', async () => {
  expect(await sql('SHOW data_checksums')).toEqual([{ data_checksums: 'on' }]);
});

const seeded = `(SELECT receipt_id FROM postings WHERE id = 7)`;
const unbalanced = { code: '23514', message: expect.stringContaining('do not add up to zero') as string };

for (const [what, change] of [
  ['one of its postings is deleted', `DELETE FROM postings WHERE id = 7`],
  ['all of its postings are deleted', `DELETE FROM postings WHERE receipt_id = ${seeded}`],
  ['an amount is changed', `UPDATE postings SET amount = amount + 1 WHERE id = 7`],
  [
    'a posting moves to another receipt',
    `UPDATE postings SET receipt_id = (SELECT min(id) FROM receipts WHERE id <> ${seeded}) WHERE id = 7`,
  ],
  [
    'one posting more is written',
    `INSERT INTO postings (receipt_id, account_id, amount) SELECT receipt_id, 1, 1 FROM postings WHERE id = 7`,
  ],
] as const)
  test(`refuses a receipt that does not add up: ${what}`, async () => {
    await expect(sql(change)).rejects.toMatchObject(unbalanced);
  });

test('allows a whole receipt to be deleted with its postings', async () => {
  await shop.write('deleted');
  await sql(`DELETE FROM postings WHERE receipt_id = 'deleted'; DELETE FROM receipts WHERE id = 'deleted'`);
  expect(await shop.present(['deleted'])).toEqual([]);
});

test('a refused write does not undo concurrent writes', async () => {
  await shop.write('twice');
  const ids = Array.from({ length: 20 }, (_, index) => `at-once-${index}`);
  const [refused, ...written] = await Promise.allSettled(['twice', ...ids].map(async (id) => shop.write(id)));
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: '23505' } });
  expect(written.map(({ status }) => status)).toEqual(ids.map(() => 'fulfilled'));
  expect(new Set(await shop.present(ids))).toEqual(new Set(ids));
  expect(
    await sql(
      `SELECT count(*)::int AS whole FROM
         (SELECT FROM postings WHERE receipt_id LIKE 'at-once-%' GROUP BY receipt_id HAVING sum(amount) = 0 AND count(*) = 2)`,
    ),
  ).toEqual([{ whole: ids.length }]);
});

/** Observes with the check of that name after `change`, then undoes the change. */
async function seenAfter(
  baseline: LedgerContents,
  check: string,
  change: string,
  undo: string,
): Promise<Observation> {
  await sql(change);
  const found = shop.checks(baseline).find(({ name }) => name === check);
  const seen = await found?.observe();
  await sql(undo);
  return seen ?? { unproven: 'there is no such check' };
}

const note = (text: string): string => `UPDATE receipts SET note = '${text}' WHERE number = 1500`;

test('names the row of a small table that changed', async () => {
  await sql(note('as it was'));
  const baseline = await shop.contents();
  const seen = await seenAfter(baseline, 'rows match', note('changed'), note('as it was'));
  expect(seen).toMatchObject({
    differences: [expect.stringMatching(/^row of receipts: seed-[0-9a-f]{32}: was/)],
    detail: expect.stringMatching(/^receipts differs in 1 row \(expected (\d+) rows, got \1\)$/),
  });
});

test('compares rows independently of the settings of the database and of its roles', async () => {
  const baseline = await shop.contents();
  const settings = {
    TimeZone: 'America/St_Johns',
    DateStyle: 'German',
    IntervalStyle: 'postgres_verbose',
    extra_float_digits: '-15',
    bytea_output: 'escape',
    search_path: 'nowhere',
  };
  const change = Object.entries(settings)
    .map(
      ([name, value]) =>
        `ALTER DATABASE ledger SET ${name} TO '${value}'; ALTER ROLE postgres SET ${name} TO '${value}'`,
    )
    .join(';');
  const undo = 'ALTER DATABASE ledger RESET ALL; ALTER ROLE postgres RESET ALL';
  expect(await seenAfter(baseline, 'rows match', change, undo)).toMatchObject({
    compared: expect.any(Number),
    differences: [],
  });
  expect(await seenAfter(baseline, 'roles and grants match', change, undo)).toMatchObject({
    differences: expect.arrayContaining([
      expect.stringMatching(/^access: pg_db_role_setting ledger/),
      expect.stringMatching(/^access: pg_db_role_setting postgres/),
    ]),
  });
});

test('names the bucket of a large table in which a row changed or is missing', async () => {
  await sql(`INSERT INTO receipts (id, note) SELECT 'many-' || i, 'note' FROM generate_series(1, 6000) AS i`);
  await sql(note('as it was'));
  const baseline = await shop.contents();
  expect(baseline.tables['receipts']).not.toHaveProperty('named');
  expect(baseline.tables['accounts']).toHaveProperty('named');
  expect(await seenAfter(baseline, 'rows match', 'SELECT', 'SELECT')).toMatchObject({ differences: [] });
  const changed = await seenAfter(baseline, 'rows match', note('changed'), note('as it was'));
  expect(changed).toMatchObject({
    differences: [
      expect.stringMatching(
        /^rows of receipts whose key's MD5 begins with [0-9a-f]{3}: still \d+, but not the same$/,
      ),
    ],
    detail: expect.stringMatching(/^receipts differs in 1 bucket \(expected (\d+) rows, got \1\)$/),
  });
  const gone = await seenAfter(
    baseline,
    'rows match',
    `DELETE FROM receipts WHERE id = 'many-1'`,
    `INSERT INTO receipts (id, note) VALUES ('many-1', 'note')`,
  );
  expect(gone).toMatchObject({
    differences: [
      expect.stringMatching(/^rows of receipts whose key's MD5 begins with 07b: expected \d+, got \d+$/),
    ],
  });
});

test('ignores writes that the harness makes after a restore', async () => {
  const baseline = await shop.contents();
  await shop.write('first-response-1');
  await shop.write('probe-1');
  expect(await seenAfter(baseline, 'rows match', 'SELECT', 'SELECT')).toMatchObject({ differences: [] });
});
