// Runs drills from the command line: opens the labs, runs each drill in a separate process, shows their progress, writes the reports and
// returns the exit code. The first Ctrl-C stops the running drills with cleanup; the second one stops immediately.
import { resolve } from 'node:path';
import { openLabs } from '../../lab/open.ts';
import type { Seconds } from '../../support/clock.ts';
import { EXIT } from '../exit-codes.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import { defaultJobs, measurePlaces } from '../jobs/places.ts';
import { inStartOrder } from '../jobs/schedule.ts';
import type { Selection } from '../select/selection.ts';
import { expectSeconds } from '../select/shard.ts';
import { followRun, createProgressView } from '../terminal/progress.ts';
import type { ProgressView } from '../terminal/progress-view.ts';
import { requiredEngineVersions, versionNotices } from './version-selection.ts';
import { type EvidenceOptions, loadEvidenceTools, RunEvidence } from './evidence.ts';
import { finishRun } from './finish.ts';
import { concludeFailedRun } from './failed-run.ts';
import { Night, type NightOptions } from './night.ts';
import { onInterrupt, type InterruptHandlers } from './interrupt.ts';
import { DEFAULT_REPORTS, resolveSettings, type RunOverrides, type RunSettings } from './settings.ts';
import { startTypeCheck } from './type-check.ts';
import { type HistoryOptions, type HistoryUpdate, prepareHistory } from './update-history.ts';

export interface RunRequest {
  readonly selection: Selection;
  readonly overrides: RunOverrides;
  readonly evidence: EvidenceOptions;
  readonly night: NightOptions;
  readonly history: HistoryOptions;
  /** Most drills at one time. Default: what the machine has cores and memory for. */
  readonly jobs?: number | undefined;
  /** After which a drill is stopped. Default: 30 minutes. */
  readonly drillLimit?: Seconds | undefined;
  /** Check the types of their files first. */
  readonly check: boolean;
  /** Print run.json, and nothing else, on standard output. */
  readonly json: boolean;
}

/** A run from its plan, which is recorded before anything starts, to its seal. @returns the exit code */
export async function runDrills(request: RunRequest): Promise<number> {
  const { selection, overrides, json } = request;
  const view = createProgressView(json ? process.stderr : process.stdout);
  const stop = interruptHandlers(view);
  using _listening = onInterrupt(stop);
  const print = (text: string): void => view.print(text);
  const tools = await loadEvidenceTools(request.evidence, print);
  const history = await prepareHistory(request.history, overrides.reports);
  await using night = await Night.prepare({
    options: request.night,
    selection,
    reports: resolve(overrides.reports ?? DEFAULT_REPORTS),
    system: tools.facts?.facts.system,
    print,
  });
  const run = await resolveSettings({ ...overrides, shard: selection.shard });
  const evidence = await RunEvidence.begin(run, selection.drills, tools, print);
  let failure: unknown;
  try {
    await night.started();
    return await runInLabs(request, { run, evidence, history, view, stop });
  } catch (error) {
    failure = error;
    await concludeFailedRun({ run, drills: selection.drills, evidence, history, error, print });
    throw error;
  } finally {
    await night.ended(run.directory, failure);
  }
}

interface OpenRun {
  readonly run: RunSettings;
  readonly evidence: RunEvidence;
  readonly history: HistoryUpdate;
  readonly view: ProgressView;
  readonly stop: ReturnType<typeof interruptHandlers>;
}

async function runInLabs(
  { selection, overrides, check, json, drillLimit, ...request }: RunRequest,
  { run, evidence, history, view, stop }: OpenRun,
): Promise<number> {
  const { drills } = selection;
  const files = [...new Set(drills.map(({ file }) => file))];
  using checking = check ? startTypeCheck(files, (error) => view.print(error)) : undefined;
  await using opened = await openLabs(overrides.engines ?? [], {
    keep: overrides.keep ?? false,
    images: drills.flatMap(({ plan }) => plan.images ?? []),
    engineVersions: requiredEngineVersions(drills, overrides.engineVersion),
    progress: (doing) => view.print(`lab: ${doing}`),
  });
  for (const lab of opened.labs)
    for (const notice of versionNotices(drills, overrides.engineVersion, lab)) view.print(notice);
  await checking?.passed;
  const places = await measurePlaces(opened.labs, drills);
  const jobs = Math.min(request.jobs ?? defaultJobs(places), drills.length);
  const runner = new JobRunner({
    drills: jobs > 1 ? inStartOrder(drills, expectSeconds(drills, selection.history)) : drills,
    places,
    jobs,
    limit: drillLimit === undefined ? {} : { drill: drillLimit },
    run,
    print: (text) => view.print(text),
  });
  stop.runner = runner;
  const following = followRun(run.directory, drills, view);
  await runner.run();
  following[Symbol.dispose]();
  view.close();
  return await finishRun(run, evidence, history, json);
}

/** Handles the first and the second Ctrl-C, before and while drills run. */
function interruptHandlers(view: ProgressView): InterruptHandlers & { runner: JobRunner | undefined } {
  const leave = (code: number, why: string): never => {
    view.close();
    console.error(why);
    process.exit(code);
  };
  const stop: ReturnType<typeof interruptHandlers> = {
    runner: undefined,
    stopGracefully() {
      if (!stop.runner) return leave(EXIT.inconclusive, 'stopped before a drill started');
      view.print(
        'stopping: collecting logs, cleaning up and writing the report; press Ctrl-C again to stop immediately',
      );
      stop.runner.stop();
    },
    stopImmediately() {
      stop.runner?.kill();
      leave(EXIT.interrupted, 'stopped; remove the leftovers with `swarm-drill clean`');
    },
  };
  return stop;
}
