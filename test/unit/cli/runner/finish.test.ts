// What happens when the drills of a run have ended: reports, evidence, history, exit code.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { RunEvidence } from '../../../../src/cli/runner/evidence.ts';
import { finishRun } from '../../../../src/cli/runner/finish.ts';
import type { RunSettings } from '../../../../src/cli/runner/settings.ts';
import { prepareHistory } from '../../../../src/cli/runner/update-history.ts';
import type { Baseline } from '../../../../src/history/regression/baseline.ts';
import {
  daysAfter,
  directoryOf,
  drillResult,
  night,
  reportsWith,
  writeBelow,
} from '../../../support/history/ledger.ts';
import { asText, notRecoveredSample, recoveredSample } from '../../../support/report/samples.ts';

const AT = '2026-11-23T02:00:00.000Z';

/** Finishes a run of the sample drill in `reports`. Returns the exit code, and what was printed. */
async function finish(
  reports: string,
  {
    baseline,
    events = recoveredSample(),
  }: { readonly baseline?: Baseline; readonly events?: ReturnType<typeof recoveredSample> } = {},
) {
  const directory = join(reports, directoryOf(AT));
  await writeBelow(directory, 'total-loss/journal.jsonl', asText(events));
  const printed: string[] = [];
  const record = (text: unknown): void => void printed.push(String(text));
  vi.spyOn(console, 'log').mockImplementation(record);
  vi.spyOn(console, 'error').mockImplementation(record);
  // What signs and keeps the ledger has tests of its parts; here it has nothing to say.
  const evidence = { approval: undefined, seal: () => Promise.resolve() } as unknown as RunEvidence;
  const code = await finishRun({ directory } as RunSettings, evidence, { baseline }, false);
  return { code, printed: printed.join('\n') };
}

const baselineWith = (rta: number): Baseline => ({
  schema: 'swarm-drill/baseline@1',
  savedAt: AT,
  drills: {
    'total-loss': {
      from: AT,
      to: AT,
      engine: '',
      size: 'small',
      packSeconds: null,
      others: null,
      metrics: { rta: { count: 20, median: rta, p95: rta } },
    },
  },
});

test('writes the page of all runs, with this one and earlier ones', async () => {
  await using reports = await reportsWith(night(daysAfter(AT, -1), [drillResult()]));
  const { code } = await finish(reports.path);
  expect(code).toBe(0);
  const html = await readFile(join(reports.path, 'index.html'), 'utf8');
  expect(html).toContain(`href="${directoryOf(AT)}&#x2F;index.html"`);
  expect(html).toContain(`href="${directoryOf(daysAfter(AT, -1))}&#x2F;index.html"`);
});

test('warns if that page can not be written, and exits as the drills ended', async () => {
  await using reports = await reportsWith([]);
  await mkdir(join(reports.path, 'index.html'));
  const { code, printed } = await finish(reports.path);
  expect(code).toBe(0);
  expect(printed).toContain('warning: the page of all runs was not written: ');
  expect(printed).toContain('swarm-drill history --page');
});

test('exits with 1 if a drill recovered slower than the baseline, and says so', async () => {
  await using reports = await reportsWith([]);
  const { code, printed } = await finish(reports.path, { baseline: baselineWith(20) });
  expect(code).toBe(1);
  expect(printed).toContain('slower than before: total-loss: recovery time 38.5 s, limit 22.0 s');
});

test('exits with 0 if it took as long as before', async () => {
  await using reports = await reportsWith([]);
  expect((await finish(reports.path, { baseline: baselineWith(38) })).code).toBe(0);
});

test('exits as the drills ended if one did not recover', async () => {
  await using reports = await reportsWith([]);
  const { code, printed } = await finish(reports.path, {
    baseline: baselineWith(20),
    events: notRecoveredSample(),
  });
  expect(code).toBe(1);
  expect(printed).not.toContain('slower than before');
});

test('refuses to start without the baseline that it is asked to compare with', async () => {
  await using reports = await reportsWith([]);
  await expect(prepareHistory({ failOnRegression: true }, reports.path)).rejects.toThrow(
    'no baseline can be read (ENOENT)',
  );
  expect((await prepareHistory({}, reports.path)).baseline).toBeUndefined();
});
