// A sample of every page that the program writes, as HTML.
import { renderHistory } from '../../src/history/page/write.ts';
import { readHistory } from '../../src/history/runs/history.ts';
import { buildStatus } from '../../src/history/status/status.ts';
import type { Rules } from '../../src/history/status/rules.ts';
import { buildReport } from '../../src/report/build.ts';
import { renderFailure, renderIndex, renderReport } from '../../src/report/html.ts';
import { buildRun } from '../../src/report/run.ts';
import { catalogue } from './report/catalogue.ts';
import {
  continuousWritesSample,
  inconclusiveSample,
  notRecoveredSample,
  recoveredSample,
} from './report/samples.ts';
import { sampleEvidencePages } from './evidence/pages.ts';
import { daysAfter, drillResult, night, reportsWith, startOf } from './history/ledger.ts';

const START = '2026-06-01T02:00:00.000Z';
const NIGHTS = 120;

/** Returns each page by what it is. */
export async function samplePages(): Promise<ReadonlyMap<string, string>> {
  const run = buildRun(catalogue().map((events) => buildReport(events)));
  const [failure] = run.failures;
  if (!failure) throw new Error('expected a kind of failure');
  return new Map([
    ['a run', renderIndex(run, '2026-11-23T02-15-07Z')],
    ['a kind of failure', renderFailure(failure, '2026-11-23T02-15-07Z')],
    ['a drill that recovered', renderReport(buildReport(recoveredSample()))],
    ['a drill that did not recover', renderReport(buildReport(notRecoveredSample()))],
    ['an inconclusive drill', renderReport(buildReport(inconclusiveSample()))],
    ['a drill with continuous writes', renderReport(buildReport(continuousWritesSample()))],
    ['all runs', await renderNights()],
    ...(await sampleEvidencePages()),
  ]);
}

/** Four months of nights with everything that a night can be. */
async function renderNights(): Promise<string> {
  const entries = Array.from({ length: NIGHTS }, (_, i) => {
    const at = daysAfter(START, i);
    if (i % 31 === 20) return [];
    if (i % 29 === 10) return [startOf(at, { planned: ['total-loss', 'quorum-loss'] })];
    return night(at, [
      drillResult({ rta: 38 + (i % 7), verdict: i % 23 === 3 ? 'inconclusive' : 'recovered' }),
      drillResult({
        drill: 'quorum-loss',
        rta: i % 5 ? 60 + (i % 11) : null,
        verdict: i > 115 ? 'not-recovered' : 'recovered',
      }),
    ]);
  }).flat();
  await using reports = await reportsWith(entries);
  const history = await readHistory(reports.path);
  const rules: Rules = { system: 'Shop', frequency: [{ tag: 'nightly', every: '26h' }] };
  const { status } = buildStatus(history, { now: daysAfter(START, NIGHTS + 2), rules });
  const differences = new Map([
    [
      'quorum-loss',
      [{ what: 'image for postgres', before: 'postgres:17.6-alpine', now: 'postgres:18-alpine' }],
    ],
  ]);
  return renderHistory({ runs: [...history.runs()], status, system: rules.system, differences });
}
