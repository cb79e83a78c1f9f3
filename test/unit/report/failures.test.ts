// The failures of a run by recovery time: order, groups, the step that dominates, and what could not be tested.
import { describe, expect, test } from 'vitest';
import { buildReport } from '../../../src/report/build.ts';
import { renderFailure, renderIndex } from '../../../src/report/html.ts';
import { buildRun } from '../../../src/report/run.ts';
import type { Report } from '../../../src/report/schema.ts';
import { ALL_NODES, asDrill, catalogue } from '../../support/report/catalogue.ts';
import { continuousWritesSample, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

const run = buildRun(catalogue().map((events) => buildReport(events)));
const html = renderIndex(run, 'run');

/** A recovered drill with this recovery time. */
function taking(name: string, rtaSeconds: number | null, failure = name): Report {
  const report = buildReport(asDrill(recoveredSample(), { name, failure }));
  return { ...report, actual: { ...report.actual, rtaSeconds } };
}
const orderOf = (...reports: Report[]): string[] =>
  buildRun(reports).failures.flatMap(({ rows }) => rows.map(({ drill }) => drill));

describe('the order', () => {
  test('is slowest first', () => {
    expect(orderOf(taking('fast', 2), taking('slow', 90), taking('medium', 40))).toEqual([
      'slow',
      'medium',
      'fast',
    ]);
  });

  test('puts what did not recover before what was slow', () => {
    const failed = { ...taking('failed', 1), verdict: 'not-recovered' as const };
    const unclear = { ...taking('unclear', 1), verdict: 'inconclusive' as const };
    expect(orderOf(taking('slow', 90), unclear, failed)).toEqual(['failed', 'unclear', 'slow']);
  });

  test('treats a recovery that never ended as the slowest', () => {
    expect(orderOf(taking('slow', 90), taking('never', null))).toEqual(['never', 'slow']);
  });

  test('keeps drills of one kind of failure together, sorted by the worst of them', () => {
    expect(orderOf(taking('a', 50), taking('b', 80, 'x'), taking('c', 10, 'x'))).toEqual(['b', 'c', 'a']);
  });
});

test('names the step that the recovery waited for longest', () => {
  const [row] = buildRun([buildReport(recoveredSample())]).failures[0]?.rows ?? [];
  expect(row?.dominant).toEqual({
    step: 'ledger_database runs',
    within: ['restore the database'],
    seconds: 8.86,
    causes: [],
  });
});

test('has what was measured of each drill as data', () => {
  const [row] = buildRun([buildReport(continuousWritesSample())]).failures[0]?.rows ?? [];
  expect(row).toMatchObject({
    rtaSeconds: 38.52,
    provenSeconds: 44.7,
    rpaSeconds: 19.8,
    lostWrites: 29,
    longestGapSeconds: expect.closeTo(38.9, 1) as number,
    objectives: 'met',
    unproven: [
      { check: 'overlay traffic is encrypted', reason: 'not testable here: the kernel has no xfrm module' },
    ],
  });
});

test.each([
  [{ rtoSeconds: 10, rpoSeconds: null }, 'missed'],
  [{ rtoSeconds: 90, rpoSeconds: 1 }, 'missed'],
  [{ rtoSeconds: 90, rpoSeconds: 30 }, 'met'],
  [{ rtoSeconds: null, rpoSeconds: null }, 'none set'],
])('judges the objectives %j: %s', (objectives, expected) => {
  const report = { ...buildReport(recoveredSample()), objectives };
  expect(buildRun([report]).failures[0]?.rows[0]?.objectives).toBe(expected);
});

test('calls an objective that could not be measured so, not met', () => {
  expect(buildRun([taking('a', null)]).failures[0]?.rows[0]?.objectives).toBe('not measured');
});

test('uses the title where a drill names no kind of failure', () => {
  expect(buildRun([buildReport(notRecoveredSample())]).failures[0]?.failure).toBe(
    'total loss: the ledger comes back from the off-site backup',
  );
});

test('gives every kind of failure a separate page, also if their names differ in signs only', () => {
  const pages = buildRun([
    taking('a', 1, 'disk: full'),
    taking('b', 1, 'disk, full'),
    taking('c', 1, '…'),
  ]).failures;
  expect(new Set(pages.map(({ page }) => page)).size).toBe(3);
  expect(pages.every(({ page }) => /^by-failure\/[a-z0-9-]+\.html$/.test(page))).toBe(true);
});

describe('the page of a run', () => {
  test('lists every drill without a script, with verdict, tags and methods for the filter', () => {
    for (const { name } of run.drills) expect(html).toContain(`<a href="${name}&#x2F;report.html">`);
    expect(html.match(/<tr class="[a-z ]*" data-verdict=/g)).toHaveLength(run.drills.length);
    expect(html).toContain('data-verdict="recovered" data-tags="smoke|nightly"');
    expect(html).toContain('data-methods="swarmState|pgDump|restic"');
    expect(html).toContain('<form class="filter" hidden');
  });

  test('lists what could not be tested once, with the reason and its drills', () => {
    const [, section = ''] = /<h2 id="unproven">([^]*?)<\/section>/.exec(html) ?? [];
    expect(section.match(/not testable here: the kernel has no xfrm module/g)).toHaveLength(1);
    expect(section).toContain('worker-loss&#x2F;report.html');
  });
});

test('compares one kind of failure over methods and engines', () => {
  const one = run.failures.find(({ failure }) => failure === ALL_NODES);
  if (!one) throw new Error('the catalogue has no loss of every node');
  const page = renderFailure(one, 'run');
  expect(page).toContain('<th scope="col">Docker 20.10.24</th><th scope="col">Docker 28.5.2</th>');
  const [, row = ''] = /<th scope="row">rsync -a<\/th>([^]*?)<\/tr>/.exec(page) ?? [];
  expect(row).toContain('not drilled');
  expect(row).toContain('href="..&#x2F;methods.rsync-a&#x2F;report.html"');
  expect(page).not.toContain('worker-loss');
});
