// Runs drills from the command line: opens the lab, lets vitest run the drills, shows their progress, writes the reports and
// returns the exit code. The first Ctrl-C stops the running drill with cleanup; the second one stops immediately.
import { openLab } from '../../lab/open.ts';
import { finishRun } from './finish.ts';
import type { Selection } from '../select/selection.ts';
import { EXIT } from '../exit-codes.ts';
import { toLabFacts } from './lab-facts.ts';
import { followRun, createProgressView } from '../terminal/progress.ts';
import type { ProgressView } from '../terminal/progress-view.ts';
import { openSession, type Session } from './session.ts';
import { startTypeCheck } from './type-check.ts';
import { resolveSettings, type RunOverrides } from './settings.ts';
import { requiredEngineVersions, versionNotices } from './version-selection.ts';
import { onInterrupt, type InterruptHandlers } from './interrupt.ts';

export interface RunRequest {
  readonly selection: Selection;
  readonly overrides: RunOverrides;
  /** Check the types of their files first. */
  readonly check: boolean;
  /** Print run.json, and nothing else, on standard output. */
  readonly json: boolean;
}

/** @returns the exit code */
export async function runDrills({ selection, overrides, check, json }: RunRequest): Promise<number> {
  const { drills, shard } = selection;
  const view = createProgressView(json ? process.stderr : process.stdout);
  const stop = interruptHandlers(view);
  using _listening = onInterrupt(stop);
  const files = [...new Set(drills.map(({ file }) => file))];
  using checking = check ? startTypeCheck(files, (error) => view.print(error)) : undefined;
  await using lab = await openLab({
    engine: overrides.engine,
    keep: overrides.keep ?? false,
    images: drills.flatMap(({ plan }) => plan.images ?? []),
    engineVersions: requiredEngineVersions(drills, overrides.engineVersion),
    progress: (doing) => view.print(`lab: ${doing}`),
  });
  for (const notice of versionNotices(drills, overrides.engineVersion, lab)) view.print(notice);
  await checking?.passed;
  const run = await resolveSettings({ ...overrides, shard, only: drills.map(({ name }) => name) });
  await using session = await openSession((text) => view.print(text));
  stop.session = session;
  const following = followRun(run.directory, drills, view);
  const errors = await session.run(files, toLabFacts(lab), run);
  following[Symbol.dispose]();
  view.close();
  return await finishRun({ run, drills, errors, json });
}

/** Handles the first and the second Ctrl-C, before and during the session. */
function interruptHandlers(view: ProgressView): InterruptHandlers & { session: Session | undefined } {
  const leave = (code: number, why: string): never => {
    view.close();
    console.error(why);
    process.exit(code);
  };
  const stop: ReturnType<typeof interruptHandlers> = {
    session: undefined,
    stopGracefully() {
      if (!stop.session) return leave(EXIT.inconclusive, 'stopped before a drill started');
      view.print(
        'stopping: collecting logs, cleaning up and writing the report; press Ctrl-C again to stop immediately',
      );
      stop.session.stop();
    },
    stopImmediately: () => leave(EXIT.interrupted, 'stopped; remove the leftovers with `swarm-drill clean`'),
  };
  return stop;
}
