// What the page shows of the writes that went on through the failure.
import { expect, test } from 'vitest';
import { buildReport } from '../../../../src/report/build.ts';
import { renderReport } from '../../../../src/report/html.ts';
import { buildAvailability } from '../../../../src/report/view/availability-view.ts';
import { continuousWritesSample, recoveredSample } from '../../../support/report/samples.ts';

const report = buildReport(continuousWritesSample());
const view = buildAvailability(report);

test('names the longest gap, and why writes failed', () => {
  const html = renderReport(report);
  const [, section = ''] = /<h2 id="availability">([^]*?)<\/section>/.exec(html) ?? [];
  expect(section).toContain('<strong>38.9 s</strong>');
  expect(section).toContain('no node has a running container of the service ledger_database');
  expect(html).toContain('<a href="#availability">');
});

test('draws every attempt: acknowledged ones above the line, failed ones below', () => {
  expect(view?.bars.some(({ kind, y }) => kind === 'failed' && Number(y) < (view?.base ?? 0))).toBe(false);
  for (const { x, y, width, height } of view?.bars ?? []) {
    expect(Number(x) + Number(width)).toBeLessThanOrEqual(view?.width ?? 0);
    expect(Number(y) + Number(height)).toBeLessThanOrEqual(view?.height ?? 0);
  }
});

test('shades the gap from the last acknowledged write to the next', () => {
  const { availability } = report;
  const [first, last] = [availability?.series[0], availability?.series.at(-1)];
  const length = (last?.offset ?? 0) + (last?.seconds ?? 0) - (first?.offset ?? 0);
  expect(Number(view?.shade?.width)).toBeCloseTo((1000 * (availability?.longestGapSeconds ?? 0)) / length, 0);
});

test('shades nothing when no write failed', () => {
  const calm = continuousWritesSample().map((event) =>
    event.event === 'attempt' ? { ...event, error: null } : event,
  );
  expect(buildAvailability(buildReport(calm))?.shade).toBeNull();
});

test('says "at least" when no write was acknowledged again', () => {
  const lost = continuousWritesSample().filter(
    (event) => event.event !== 'attempt' || event.error !== null || event.t < 60,
  );
  expect(buildAvailability(buildReport(lost))?.gap).toMatch(/^at least /);
});

test('has no section without continuous writes', () => {
  expect(renderReport(buildReport(recoveredSample()))).not.toContain('id="availability"');
});
