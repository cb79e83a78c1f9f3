// What running drills side by side gains: the same cheap drills with --jobs 1 and --jobs 2, in turns, in one lab.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobRunner } from '../src/cli/jobs/job-runner.ts';
import { measurePlaces } from '../src/cli/jobs/places.ts';
import { resolveSettings } from '../src/cli/runner/settings.ts';
import { selectDrills } from '../src/cli/select/drill-files.ts';
import type { Drill } from '../src/drill/plan.ts';
import type { Lab } from '../src/lab/lab.ts';
import { writeRunReport } from '../src/report/write.ts';
import { monotonic } from '../src/support/clock.ts';
import { median, turns } from './measure.ts';

/** One manager each. */
const DRILLS = ['single-manager', 'methods.volume-archive', 'methods.pg-dump', 'methods.valkey-rdb'];

export async function jobs(lab: Lab): Promise<void> {
  const drills = await selectDrills(DRILLS);
  const ratios: number[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const alternately = await runWith(lab, drills, 1);
    const sideBySide = await runWith(lab, drills, 2);
    ratios.push(alternately.seconds / sideBySide.seconds);
    console.log(
      `jobs, turn ${turn}: 1 at a time ${alternately.seconds.toFixed(1)} s (${alternately.verdicts}), ` +
        `2 at a time ${sideBySide.seconds.toFixed(1)} s (${sideBySide.verdicts})`,
    );
  }
  console.log(
    `jobs: ${drills.length} drills of one manager: median gain of --jobs 2 against --jobs 1: ${median(ratios).toFixed(2)} times as fast`,
  );
}

async function runWith(
  lab: Lab,
  drills: readonly Drill[],
  number: number,
): Promise<{ seconds: number; verdicts: string }> {
  const reports = await mkdtemp(join(tmpdir(), 'swarm-drill-bench-'));
  try {
    const run = await resolveSettings({ reports, seed: 'bench' });
    const places = await measurePlaces([lab], drills);
    const runner = new JobRunner({ drills, places, jobs: number, run, print: (text) => console.error(text) });
    const began = monotonic();
    await runner.run();
    const seconds = monotonic() - began;
    const { drills: ended } = await writeRunReport(run.directory);
    return { seconds, verdicts: [...new Set(ended.map(({ verdict }) => verdict))].join(', ') };
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
}
