// The page of all runs.
import { expect, test } from 'vitest';
import { renderHistory } from '../../../src/history/page/write.ts';
import { refreshHistory } from '../../../src/history/page/refresh.ts';
import { readHistory } from '../../../src/history/runs/history.ts';
import { findDifferences } from '../../../src/history/difference.ts';
import { collectDrills } from '../../../src/history/status/drill-history.ts';
import type { Rules } from '../../../src/history/status/rules.ts';
import { buildStatus } from '../../../src/history/status/status.ts';
import { buildReport } from '../../../src/report/build.ts';
import { buildRun } from '../../../src/report/run.ts';
import { readFile } from 'node:fs/promises';
import { recoveredSample } from '../../support/report/samples.ts';
import {
  daysAfter,
  directoryOf,
  drillResult,
  type Entry,
  night,
  reportsWith,
  startOf,
  writeBelow,
} from '../../support/history/ledger.ts';

const MONDAY = '2026-11-23T02:00:00.000Z';
const NIGHTLY: Rules = { system: 'Shop', frequency: [{ tag: 'nightly', every: '26h' }] };
const HOSTILE = `<script>alert(1)</script>"onload='x' {{name}} </style>`;

async function pageOf(entries: readonly Entry[], now: string, rules: Rules = NIGHTLY): Promise<string> {
  await using reports = await reportsWith(entries);
  const history = await readHistory(reports.path);
  const { status } = buildStatus(history, { now, rules });
  return renderHistory({ runs: [...history.runs()], status, system: rules.system, differences: new Map() });
}

const failed = drillResult({
  drill: 'quorum-loss',
  verdict: 'not-recovered',
  reason: 'check "rows match" failed: 3 of 500 rows differ',
  rta: null,
});

test('shows the state of all drills first, then what is wrong', async () => {
  const entries = [
    ...night(MONDAY, [drillResult(), drillResult({ drill: 'quorum-loss' })]),
    ...night(daysAfter(MONDAY, 1), [drillResult(), failed]),
  ];
  const html = await pageOf(entries, daysAfter(MONDAY, 1.9));
  expect(html).toContain('<h1>Restore drills of Shop</h1>');
  expect(html).toContain('1 of 2 drills recovered in time, 1 overdue.');
  expect(html).toContain(
    '<strong>quorum-loss</strong>: not recovered in 2026-11-24T02-00-00Z: check &quot;rows match&quot; failed',
  );
  expect(html.indexOf('id="drill-quorum-loss"')).toBeLessThan(html.indexOf('id="drill-total-loss"'));
});

test('lists runs newest first, and links to those that have a page', async () => {
  const entries = [
    ...night(MONDAY, [drillResult()]),
    startOf(daysAfter(MONDAY, 1), { planned: ['total-loss'] }),
    ...night(daysAfter(MONDAY, 2), [drillResult()]),
    {
      event: 'removed' as const,
      at: daysAfter(MONDAY, 3),
      run: 'x',
      directory: directoryOf(MONDAY),
      statement: null,
      reason: 'older than 400 d',
    },
  ];
  const html = await pageOf(entries, daysAfter(MONDAY, 3));
  const rows = [
    ...html.matchAll(
      /<tr class="\w+"><th scope="row">(.*?)<\/th><td class="result">(.*?)<\/td><td class="num">(\d of \d)/g,
    ),
  ];
  expect(rows.map(([, name, word, recovered]) => [name, word, recovered])).toEqual([
    ['<a href="2026-11-25T02-00-00Z&#x2F;index.html">2026-11-25 02:00:00 UTC</a>', 'Recovered', '1 of 1'],
    ['2026-11-24 02:00:00 UTC', 'Did not end', '0 of 1'],
    ['2026-11-23 02:00:00 UTC', 'Recovered', '1 of 1'],
  ]);
  expect(html).toContain('files removed');
});

test('draws values that follow each other as a line, and leaves a gap for what was not measured', async () => {
  const rtas = [30, 40, null, 45, null, 90];
  const entries = rtas.flatMap((rta, i) => night(daysAfter(MONDAY, i), [drillResult({ rta })]));
  const html = await pageOf(entries, daysAfter(MONDAY, 6));
  const chart = /Recovery time \(RTA\).*?<\/figure>/.exec(html)?.[0] ?? '';
  expect(/class="trend" d="(.*?)"/.exec(chart)?.[1]).toBe('M0 70.0L200 60.0M600 55.0M1000 10.0');
  expect(/class="dots" d="(.*?)"/.exec(chart)?.[1]).toBe('M600 55.0h0M1000 10.0h0');
  expect(/class="objective" d="(.*?)"/.exec(chart)?.[1]).toMatch(/^M0 10\.0L200 10\.0/);
  expect(chart).toContain('of the last 4 results: 30.0 s to 1 min 30.0 s, median 40.0 s');
});

test('marks a night without a run as missing only if one was due', async () => {
  const entries = [...night(MONDAY, [drillResult()]), ...night(daysAfter(MONDAY, 2), [drillResult()])];
  expect(await pageOf(entries, daysAfter(MONDAY, 2))).toContain(
    '<title>2026-11-24: no run, although one was due: total-loss</title>',
  );
  expect(await pageOf(entries, daysAfter(MONDAY, 2), {})).not.toContain('<title>2026-11-24');
});

test('shows every text as text', async () => {
  const hostile = drillResult({ drill: HOSTILE, reason: HOSTILE, verdict: 'inconclusive', engine: HOSTILE });
  const html = await pageOf(night(MONDAY, [hostile], { commit: HOSTILE, tool: HOSTILE }), MONDAY, {
    ...NIGHTLY,
    system: HOSTILE,
  });
  expect(html).toContain('&lt;script&gt;');
  expect(html).not.toMatch(/<script|onload='/);
});

test('needs no network and no script', async () => {
  const html = await pageOf(night(MONDAY, [drillResult()]), MONDAY);
  expect(html).not.toMatch(/<script|<link|<img|https?:|@import|url\(/);
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

test('can be written before the first run', async () => {
  const html = await pageOf([], MONDAY);
  expect(html).toContain('Not known');
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

test('has what changed since the last recovery, from ledger and reports', async () => {
  const now = daysAfter(MONDAY, 1);
  await using reports = await reportsWith([
    ...night(MONDAY, [drillResult()], { commit: 'aaaa' }),
    ...night(now, [drillResult({ verdict: 'not-recovered', rta: 95, size: 'medium' })], { commit: 'bbbb' }),
  ]);
  const report = buildReport(recoveredSample());
  const images = report.environment?.images ?? [];
  const changed = {
    ...report,
    environment: {
      ...report.environment,
      images: images.map((image) =>
        image.role === 'postgres' ? { ...image, reference: 'postgres:18-alpine' } : image,
      ),
    },
  };
  await writeBelow(reports.path, `${directoryOf(MONDAY)}/total-loss/report.json`, JSON.stringify(report));
  await writeBelow(reports.path, `${directoryOf(now)}/total-loss/report.json`, JSON.stringify(changed));
  const [drill] = collectDrills(await readHistory(reports.path));
  if (!drill?.last || !drill.lastRecovered) throw new Error('expected two results');
  const differences = await findDifferences(reports.path, drill.lastRecovered, drill.last);
  expect(differences.map(({ what }) => what)).toEqual([
    'commit',
    'amount of data',
    'image for postgres',
    'recovery time',
  ]);
  expect(differences[0]).toEqual({ what: 'commit', before: 'aaaa', now: 'bbbb' });
  expect(differences[2]?.now).toMatch(/^postgres:18-alpine sha256:/);
  const html = await readFile(await refreshHistory({ reports: reports.path }), 'utf8');
  expect(html).toContain('<tr><th scope="row">commit</th><td>aaaa</td><td>bbbb</td></tr>');
});

test('includes runs that are older than the ledger, and parses their run.json once', async () => {
  await using reports = await reportsWith(night(MONDAY, [drillResult()]));
  const run = buildRun([buildReport(recoveredSample())]);
  const older = '2026-11-01T02-00-00Z';
  await writeBelow(reports.path, `${older}/run.json`, JSON.stringify(run));
  await writeBelow(reports.path, '2026-11-02T02-00-00Z/total-loss/journal.jsonl', '');
  const read = async () =>
    [...(await readHistory(reports.path)).runs()].map(({ directory, state, inLedger }) => [
      directory,
      state,
      inLedger,
    ]);
  const expected = [
    ['2026-11-23T02-00-00Z', 'ended', true],
    [older, 'ended', false],
    ['2026-11-02T02-00-00Z', 'did not end', false],
  ];
  expect((await read()).toSorted()).toEqual(expected.toSorted());
  const cache = await readFile(`${reports.path}/.history.json`, 'utf8');
  // The same file, by time and size: what is kept is used.
  await writeBelow(
    reports.path,
    '.history.json',
    cache.replace('"state":"did not end"', '"state":"running"'),
  );
  expect((await read()).flat()).toContain('running');
  await writeBelow(
    reports.path,
    `${older}/run.json`,
    `${JSON.stringify({ ...run, verdict: 'inconclusive' })} `,
  );
  expect(
    [...(await readHistory(reports.path)).runs()].find(({ directory }) => directory === older)?.verdict,
  ).toBe('inconclusive');
});
