// The gate on regressions: of the drills of one run, or of the last recoveries of every drill.
import type { Report } from '../../report/schema.ts';
import type { DrillHistory } from '../status/drill-history.ts';
import { DEFAULT_SAMPLES, summarize } from '../status/percentile.ts';
import {
  type Baseline,
  describeRecoveries,
  mean,
  METRICS,
  packSecondsOf,
  readPackSeconds,
} from './baseline.ts';
import { type Comparison, compareWithBaseline, FEWEST_SAMPLES, type Measured } from './compare.ts';

/** Compares each drill of a run that recovered: a drill that did not has failed already. */
export function compareRun(reports: readonly Report[], baseline: Baseline): Comparison[] {
  return reports
    .filter(({ verdict }) => verdict === 'recovered')
    .flatMap((report) => compareWithBaseline(measureReport(report), baseline.drills[report.name]));
}

function measureReport(report: Report): Measured {
  const { name, size, actual, totalSeconds, sideBySide } = report;
  const { rtaSeconds: rta, rpaSeconds: rpa, provenSeconds: proven } = actual;
  return {
    drill: name,
    size,
    metrics: {
      ...(rta !== null && { rta }),
      ...(rpa !== null && { rpa }),
      ...(proven !== null && { proven }),
      total: totalSeconds,
    },
    packSeconds: summarize(packSecondsOf(report))?.median ?? null,
    others: sideBySide?.duringRecovery ?? null,
  };
}

/**
 * Compares the 95th percentile of each drill's last recoveries. The baseline timings of their runs are read only for a drill that seems
 * slower, since they are in its reports.
 */
export async function compareRecoveries(
  reports: string,
  drills: readonly DrillHistory[],
  baseline: Baseline,
  samples = DEFAULT_SAMPLES,
): Promise<Comparison[]> {
  const compared = await Promise.all(
    drills.map(async (drill) => {
      const recoveries = drill.recoveries.slice(0, samples);
      if (recoveries.length < FEWEST_SAMPLES) return [];
      const now = (packTimes: readonly number[]): Comparison[] =>
        compareWithBaseline(
          measureRecoveries(drill.drill, recoveries, packTimes),
          baseline.drills[drill.drill],
        );
      const quick = now([]);
      if (!quick.some(({ outcome }) => outcome === 'slower')) return quick;
      return now((await Promise.all(recoveries.map((one) => readPackSeconds(reports, one)))).flat());
    }),
  );
  return compared.flat();
}

function measureRecoveries(
  drill: string,
  recoveries: DrillHistory['recoveries'],
  packTimes: readonly number[],
): Measured {
  const described = describeRecoveries(recoveries, packTimes);
  return {
    drill,
    size: described?.size ?? '',
    packSeconds: described?.packSeconds ?? null,
    others: mean(recoveries.flatMap(({ result }) => result.others ?? [])),
    metrics: Object.fromEntries(
      METRICS.flatMap((metric) => {
        const summary = described?.metrics[metric];
        return summary ? [[metric, summary.p95]] : [];
      }),
    ),
  };
}
