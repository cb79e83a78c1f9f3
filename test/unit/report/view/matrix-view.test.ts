import { describe, expect, test } from 'vitest';
import { buildReport } from '../../../../src/report/build.ts';
import { renderIndex } from '../../../../src/report/html.ts';
import { buildRun } from '../../../../src/report/run.ts';
import { methodSamples, recoveredSample } from '../../../support/report/samples.ts';
import { buildMatrixViews } from '../../../../src/report/view/matrix-view.ts';

const reports = methodSamples().map((events) => buildReport(events));
const firstRow = () => buildMatrixViews(buildRun(reports))[0]?.rows[0];

describe('timings of a method', () => {
  test('are shown with the baseline timing of the same drill, for backup and restore', () => {
    const [restic] = reports;
    const backup = restic?.artifacts.find(({ method }) => method === 'restic')?.seconds ?? 0;
    const restore = 74.02 - 70.25;
    expect(firstRow()?.timings.map(({ speeds }) => speeds)).toEqual([
      { speed: (64 / backup).toFixed(1), baseline: '80.0', ratio: `${(backup / 0.8).toFixed(1)} ×` },
      { speed: (64 / restore).toFixed(1), baseline: '128.0', ratio: `${(restore / 0.5).toFixed(1)} ×` },
    ]);
  });

  test('have no speeds without a volume, and the page says so', () => {
    const html = renderIndex(buildRun(reports.map((report) => ({ ...report, baselineTiming: null }))), 'run');
    expect(html.match(/colspan="3">– no volume</g)).toHaveLength(2 * reports.length);
    expect(renderIndex(buildRun(reports), 'run')).not.toContain('– no volume');
  });

  test('are not measured in a drill that stopped before', () => {
    const cut = reports.map((report) => ({ ...report, steps: [], artifacts: [] }));
    const row = buildMatrixViews(buildRun(cut))[0]?.rows[0];
    expect(row?.stored).toBe('not measured');
    for (const { duration, speeds } of row?.timings ?? [])
      expect([duration, speeds?.speed, speeds?.ratio]).toEqual(Array(3).fill('not measured'));
  });
});

describe('the page of a run', () => {
  test('explains every mark that a cell can have', () => {
    const html = renderIndex(buildRun(reports), 'run');
    const cells = html.matchAll(/<td class="\w+" title="[^"]*"><span aria-hidden="true">([^<]+)</g);
    const marks = new Set([...cells].map(([, mark]) => mark));
    expect(marks.size).toBeGreaterThan(2);
    const legend = html.slice(html.indexOf('<ul class="marks">'), html.indexOf('</ul>'));
    for (const mark of marks) expect(legend).toContain(`">${mark ?? ''}</b>`);
  });

  test('does not mention methods when no drill compares any', () => {
    expect(renderIndex(buildRun([buildReport(recoveredSample())]), 'run')).not.toContain('class="matrix"');
  });
});
