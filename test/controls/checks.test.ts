// For every check of the small drill: one thing broken in the restored swarm, and the check that must see it. Things that no other check
// of a group sees share a drill; each check must report its own, and no other check may turn red. `ALONE=1 npm test -- --project
// controls checks` gives every one of them a drill to itself.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/schema.ts';
import {
  brokenAfterwards,
  docker,
  inFiles,
  outcome,
  resultOf,
  sql,
  type RestoredLedger,
} from '../support/control.ts';

interface Control {
  readonly check: string;
  readonly broken: string;
  /** What the check says of it. */
  readonly sees: RegExp;
  /** Other checks that must see it, too. */
  readonly also?: readonly string[];
  readonly harm: (restored: RestoredLedger) => Promise<unknown>;
}

const groups: readonly (readonly Control[])[] = [
  [
    {
      check: 'rows match',
      broken: 'one note of one receipt is changed',
      sees: /^row of receipts: seed-/,
      harm: (restored) => sql(restored, "UPDATE receipts SET note = 'changed' WHERE number = 1500"),
    },
    {
      check: 'sequences continue',
      broken: 'the sequence of receipt numbers starts again at 1',
      sees: /receipt_numbers/,
      harm: (restored) => sql(restored, "SELECT setval('receipt_numbers', 1)"),
    },
    {
      check: 'schema matches',
      broken: 'an index is gone',
      sees: /postings_by_receipt/,
      harm: (restored) => sql(restored, 'DROP INDEX postings_by_receipt'),
    },
    {
      check: 'schema matches',
      broken: 'a function runs with the rights of its owner',
      sees: /pg_proc public\.receipt_balances\(\)\.prosecdef: was false, is true/,
      harm: (restored) => sql(restored, 'ALTER FUNCTION receipt_balances() SECURITY DEFINER'),
    },
    {
      check: 'roles and grants match',
      broken: 'everyone may create schemas in the database',
      sees: /pg_database ledger\.datacl/,
      harm: (restored) => sql(restored, 'GRANT ALL ON DATABASE ledger TO PUBLIC'),
    },
    {
      check: 'roles and grants match',
      broken: 'the application may delete',
      sees: /ledger_app/,
      harm: (restored) => sql(restored, 'GRANT DELETE ON receipts, postings TO ledger_app'),
    },
  ],
  [
    {
      check: 'ledger balances',
      broken: 'one posting is a cent too high',
      sees: /^1 receipts do not add up/,
      also: ['rows match'],
      harm: (restored) =>
        sql(
          restored,
          'SET session_replication_role = replica; UPDATE postings SET amount = amount + 1 WHERE id = 7',
        ),
    },
    {
      check: 'tables and indexes sound',
      broken: 'an index holds other values than its table',
      sees: /receipts_shifted/,
      also: ['schema matches'],
      harm: (restored) =>
        sql(
          restored,
          `CREATE FUNCTION shift(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT t';
        CREATE INDEX receipts_shifted ON receipts (shift(id));
        CREATE OR REPLACE FUNCTION shift(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT reverse(t)'`,
        ),
    },
    {
      check: 'application accepts writes',
      broken: 'the upload directory belongs to root',
      sees: /probe/,
      harm: (restored) => inFiles(restored, 'chown 0:0 uploads/probes; chmod 755 uploads/probes'),
    },
    {
      check: 'sentinel from before the backup present',
      broken: 'it is deleted',
      sees: /before-/,
      harm: (restored) =>
        sql(
          restored,
          "DELETE FROM postings WHERE receipt_id LIKE 'before-%'; DELETE FROM receipts WHERE id LIKE 'before-%'",
        ),
    },
  ],
  [
    {
      check: 'mounted files match',
      broken: 'the signing key has another value',
      sees: /signing_key in ledger_web: its bytes differ/,
      also: ['inventory matches'],
      harm: async (restored) => {
        const manager = await restored.swarm.manager();
        await manager.exec(['docker', 'secret', 'create', 'other_key', '-'], { input: 'not the key' });
        await docker(
          restored,
          'service',
          'update',
          '--detach',
          '--secret-rm',
          'ledger_web_signing_key',
          '--secret-add',
          'source=other_key,target=signing_key,uid=1000,gid=1000,mode=0400',
          'ledger_web',
        );
        await restored.swarm.converged();
      },
    },
    {
      check: 'inventory matches',
      broken: 'a service has lost one of its labels',
      sees: /ledger_batch/,
      harm: (restored) =>
        docker(
          restored,
          'service',
          'update',
          '--detach',
          '--label-rm',
          'com.docker.stack.namespace',
          'ledger_batch',
        ),
    },
  ],
  [
    {
      check: 'tasks running',
      broken: 'the web service wants a node that there is not',
      sees: /ledger_web/,
      also: ['inventory matches', 'mounted files match', 'files match', 'application accepts writes'],
      harm: (restored) =>
        docker(
          restored,
          'service',
          'update',
          '--detach',
          '--constraint-add',
          'node.labels.nowhere==1',
          'ledger_web',
        ),
    },
  ],
];

const drills = process.env['ALONE'] ? groups.flat().map((control) => [control]) : groups;

describe.for(drills)('a restored swarm with faults, group %#', (controls) => {
  let report: Report;
  beforeAll(async () => {
    report = await outcome(() =>
      brokenAfterwards(async (restored) => {
        for (const { harm } of controls) await harm(restored);
      }),
    );
  });

  test.for(controls)('turns "$check" red when $broken', ({ check, sees }) => {
    const { result, differences } = resultOf(report, check);
    expect(result, report.reason).toBe('fail');
    expect(differences.join('\n')).toMatch(sees);
  });

  test('turns the verdict red, and no other check', () => {
    const red = report.checks.filter(({ result }) => result !== 'pass').map(({ name }) => name);
    expect(red.toSorted()).toEqual(
      [...new Set(controls.flatMap(({ check, also = [] }) => [check, ...also]))].toSorted(),
    );
    expect(report.verdict).toBe('not-recovered');
  });
});

test('names every kind of lost file metadata', async () => {
  const report = await outcome(() =>
    brokenAfterwards((restored) =>
      inFiles(
        restored,
        `printf x >>modes/0600; touch -d 2001-01-01 modes/0600
         chmod u-s modes/4755
         chown 7:7 modes/0640
         touch -h -d 2001-01-01 links/relative
         ln -sfn elsewhere links/absolute
         cp -p links/hard-0 links/copy && mv links/copy links/hard-0
         cp -a --no-preserve=xattr attributes/user attributes/bare && mv attributes/bare attributes/user
         cp --sparse=never -p sparse full && mv full sparse
         rm -r empty/deep/down
         touch extra
         chmod 700 .`,
      ),
    ),
  );
  const { result, differences } = resultOf(report, 'files match');
  expect(result).toBe('fail');
  expect(report.verdict).toBe('not-recovered');
  const found = differences.join('\n');
  for (const expected of [
    /^modes\/0600: .*content was 100 bytes .*, is 101 bytes/m,
    /^modes\/4755: .*set-uid mode was 4000, is 0000/m,
    /^modes\/0640: .*owner was/m,
    /^links\/relative: .*mtime was/m,
    /^links\/absolute: .*target was/m,
    /^links\/hard-0: .*number of names was 4 .*, is 1/m,
    /^attributes\/user: .*attributes was/m,
    /^sparse: .*sparse was true, is false/m,
    /^empty\/deep\/down is missing/m,
    /^extra was not there before/m,
    /^\.: .*mode was/m,
  ])
    expect(found).toMatch(expected);
});
