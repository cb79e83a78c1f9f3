// The files of metrics, read by the parser of Prometheus itself where it is installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildFamilies, type Family } from '../../../src/history/metrics/families.ts';
import { toOpenMetrics, toPrometheusText } from '../../../src/history/metrics/text.ts';
import { readHistory } from '../../../src/history/runs/history.ts';
import { buildStatus } from '../../../src/history/status/status.ts';
import { daysAfter, drillResult, night, reportsWith, startOf } from '../../support/history/ledger.ts';

const MONDAY = '2026-11-23T02:00:00.000Z';
const HOSTILE = 'a "quoted" \\ name\nof two lines';

async function someFamilies(): Promise<Family[]> {
  const failed = drillResult({ verdict: 'not-recovered', rta: null, proven: null, lostWrites: null });
  await using reports = await reportsWith([
    ...night(MONDAY, [drillResult(), drillResult({ drill: HOSTILE })]),
    startOf(daysAfter(MONDAY, 1), { planned: ['total-loss'] }),
    ...night(daysAfter(MONDAY, 2), [failed]),
  ]);
  const history = await readHistory(reports.path);
  const rules = { frequency: [{ tag: 'nightly' as const, every: '26h' }] };
  return buildFamilies(history, buildStatus(history, { now: daysAfter(MONDAY, 3), rules }).status);
}

const valueOf = (
  families: readonly Family[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined =>
  families
    .find((family) => family.name === `swarm_drill_${name}`)
    ?.samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    ?.value;

test('has the last result, its times, and when the drill last recovered', async () => {
  const families = await someFamilies();
  const drill = 'total-loss';
  expect(valueOf(families, 'last_result', { drill, result: 'not-recovered' })).toBe(1);
  expect(valueOf(families, 'last_result', { drill, result: 'recovered' })).toBe(0);
  expect(valueOf(families, 'last_recovered_timestamp_seconds', { drill })).toBe(Date.parse(MONDAY) / 1000);
  expect(valueOf(families, 'last_run_timestamp_seconds', { drill })).toBe(
    Date.parse(MONDAY) / 1000 + 2 * 86_400,
  );
  expect(valueOf(families, 'overdue', { drill })).toBe(1);
  expect(valueOf(families, 'required_interval_seconds', { drill })).toBe(93_600);
  expect(valueOf(families, 'rto_seconds', { drill })).toBe(90);
  expect(valueOf(families, 'results', { drill, result: 'recovered' })).toBe(1);
  expect(valueOf(families, 'results', { drill, result: 'not-recovered' })).toBe(1);
  expect(valueOf(families, 'unfinished_runs', {})).toBe(1);
  expect(valueOf(families, 'healthy', {})).toBe(0);
});

test('has no sample for what was not measured', async () => {
  const families = await someFamilies();
  expect(valueOf(families, 'rta_seconds', { drill: 'total-loss' })).toBeUndefined();
  expect(valueOf(families, 'lost_writes', { drill: 'total-loss' })).toBeUndefined();
});

test('escapes names in both formats', async () => {
  const escaped = String.raw`swarm_drill_rta_seconds{drill="a \"quoted\" \\ name\nof two lines"} 38.5`;
  const families = await someFamilies();
  expect(toPrometheusText(families)).toContain(`\n${escaped}\n`);
  expect(toOpenMetrics(families)).toContain(`\n${escaped}\n`);
});

test('ends names with their unit, as OpenMetrics requires', async () => {
  for (const { name, unit } of await someFamilies()) if (unit) expect(name).toMatch(new RegExp(`_${unit}$`));
});

test('has every metric that the dashboard for Grafana shows, with its labels', async () => {
  const dashboard = readFileSync(join(import.meta.dirname, '../../../docs/grafana-dashboard.json'), 'utf8');
  const expressions: string[] = [];
  JSON.parse(dashboard, (key, value: unknown) => {
    if ((key === 'expr' || key === 'query') && typeof value === 'string') expressions.push(value);
    return value;
  });
  const used = new Set(expressions.flatMap((text) => text.match(/swarm_drill_\w+/g) ?? []));
  const families = await someFamilies();
  const written = families.map(({ name, type }) => (type === 'counter' ? `${name}_total` : name));
  expect(used.size).toBeGreaterThan(12);
  expect([...used].filter((name) => !written.includes(name))).toEqual([]);
  const labels = new Set(
    families.flatMap(({ samples }) => samples.flatMap((sample) => Object.keys(sample.labels))),
  );
  const selected = expressions.flatMap((text) =>
    [...text.matchAll(/[{,](\w+)=~?/g)].map(([, label]) => label),
  );
  expect(selected.filter((label) => !labels.has(label ?? ''))).toEqual([]);
});

/** Prometheus' own tool, e.g. from the Debian package `prometheus`. */
const PROMTOOL = spawnSync('promtool', ['--version']).error === undefined;
const unproven = PROMTOOL ? '' : ' (unproven: promtool of Prometheus is not installed)';

describe.skipIf(!PROMTOOL)(`Prometheus' own parser${unproven}`, () => {
  const check = (text: string) =>
    spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });

  test('reads the text, and has nothing to say about its names', async () => {
    const { status, stdout, stderr } = check(toPrometheusText(await someFamilies()));
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  test('refuses a name that was not escaped', () => {
    expect(check('# TYPE x gauge\nx{drill="a"b"} 1\n').status).not.toBe(0);
  });

  // promtool reads OpenMetrics only to fill a database, for which each sample needs a time.
  const fill = (text: string) => {
    const directory = mkdtempSync(join(tmpdir(), 'swarm-drill-metrics-'));
    try {
      const file = join(directory, 'drills.om');
      writeFileSync(file, text);
      const output = join(directory, 'data');
      return spawnSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, output], {
        encoding: 'utf8',
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
  const withTimes = (text: string): string =>
    text.replaceAll(/^(swarm_drill.* \S+)$/gm, `$1 ${Date.parse(MONDAY) / 1000}`);

  test('reads the OpenMetrics', async () => {
    const { status, stderr } = fill(withTimes(toOpenMetrics(await someFamilies())));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('refuses OpenMetrics without an end', async () => {
    const text = withTimes(toOpenMetrics(await someFamilies())).replace('# EOF\n', '');
    expect(fill(text).stderr).toContain('EOF');
  });
});
