import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../../../src/drill/events.ts';
import { buildReport } from '../../../src/report/build.ts';
import { renderFailure, renderIndex, renderReport } from '../../../src/report/html.ts';
import { parseJournal } from '../../../src/report/journal-reader.ts';
import { buildRun } from '../../../src/report/run.ts';
import {
  asText,
  inconclusiveSample,
  notRecoveredSample,
  recoveredSample,
} from '../../support/report/samples.ts';
import { withContinuousWrites } from '../../support/report/continuous-writes.ts';

/** A text that would become markup if it were not escaped. */
const HOSTILE = `<script>alert(1)</script>"onload='x' {{name}} </style>`;

/** Appends the hostile text to every text in the journal that a user or a tool chose. */
function makeHostile(events: readonly JournalEvent[]): JournalEvent[] {
  const kept = new Set(['event', 'phase', 'mark', 'when', 'role', 'result', 'blame', 'at', 'createdAt']);
  const text = JSON.stringify(events, (key, value: unknown) =>
    typeof value === 'string' && !kept.has(key) ? `${value}${HOSTILE}` : value,
  );
  return JSON.parse(text) as JournalEvent[];
}

describe('the page of a drill', () => {
  test.each([
    ['Recovered', recoveredSample(), 'Recovered in 38.5 s of 90 s allowed'],
    ['Not recovered', notRecoveredSample(), 'Check &quot;rows match&quot; failed: 3 of 500 rows differ'],
    ['Inconclusive', inconclusiveSample(), 'The journal stops in restore'],
  ])('shows %s and the reason', (word, events, reason) => {
    const html = renderReport(buildReport(events));
    expect(html).toContain(`<title>${word}: `);
    expect(html).toContain(reason);
  });

  test('never shows an RPO as met when every write is lost', () => {
    const events = recoveredSample().map((event) =>
      event.event === 'surviving' ? { ...event, ids: [] } : event,
    );
    const html = renderReport(buildReport(events));
    const [, figure = ''] = /(Data loss window \(RPA\)[^]*?)<\/div>\s*<div class="figure/.exec(html) ?? [];
    expect(figure).toContain('everything lost, at least 21.4 s');
    expect(figure).toContain('<strong>missed</strong>');
  });

  test('lists failed checks first, then unproven ones', () => {
    const html = renderReport(buildReport(notRecoveredSample()));
    const at = (name: string): number => html.indexOf(`<th scope="row">${name}`);
    expect(at('rows match')).toBeLessThan(at('overlay traffic is encrypted'));
    expect(at('overlay traffic is encrypted')).toBeLessThan(at('managers reachable'));
  });

  test.each([
    [{ managers: 1, workers: 0 }, '1 manager, 0 workers'],
    [{ managers: 3, workers: 1 }, '3 managers, 1 worker'],
  ])('writes the counts %j with singular and plural', (topology, text) => {
    const events = recoveredSample().map((event) =>
      event.event === 'plan' ? { ...event, topology } : event,
    );
    expect(renderReport(buildReport(events))).toContain(`<dd>${text}</dd>`);
  });

  test('needs no network and no script', () => {
    const html = renderReport(buildReport(notRecoveredSample()));
    expect(html).not.toMatch(/<script|<link|<img|https?:|@import|url\(/);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('can be rendered from any prefix of a journal', () => {
    const text = asText(notRecoveredSample());
    for (let length = 0; length < text.length; length += 499) {
      const html = renderReport(buildReport(parseJournal(text.slice(0, length)).events));
      expect(html).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

test('escapes every name and output on both pages', () => {
  const report = buildReport(makeHostile(withContinuousWrites(notRecoveredSample())));
  const run = buildRun([report]);
  const pages = [
    { html: renderReport(report), scripts: 0 },
    { html: renderIndex(run, HOSTILE), scripts: 1 },
    ...run.failures.map((failure) => ({ html: renderFailure(failure, HOSTILE), scripts: 1 })),
  ];
  expect(pages).toHaveLength(3);
  for (const { html, scripts } of pages) {
    expect(html.match(/<script/g) ?? []).toHaveLength(scripts);
    expect(html).not.toContain(`"onload`);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;&#x2F;script&gt;&quot;onload');
    expect(html).toContain('{{name}}');
  }
});

test('allows its own script by its hash, and no other', () => {
  const html = renderIndex(buildRun([buildReport(recoveredSample())]), 'run');
  const [, script = ''] = /<script>([^]*)<\/script>/.exec(html) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  expect(script).toContain('addEventListener');
  expect(html).toContain(
    `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'"`,
  );
  expect(html).not.toMatch(/<link|<img|https?:|@import|url\(/);
});

test('lists the worst drill first on the page of a run, and links to each', () => {
  const [good, bad] = [buildReport(recoveredSample()), buildReport(notRecoveredSample())];
  good.name = 'quorum-loss';
  const html = renderIndex(buildRun([good, bad]), '2026-11-23T02-15-07Z');
  expect(html).toContain('1 not recovered, 1 recovered');
  expect(html.indexOf('href="total-loss&#x2F;report.html"')).toBeGreaterThan(0);
  expect(html.indexOf('total-loss&#x2F;report.html')).toBeLessThan(
    html.indexOf('quorum-loss&#x2F;report.html'),
  );
});
