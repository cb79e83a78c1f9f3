// A run from the command line: opens the lab, lets vitest run the drills, shows what they do, writes the reports and answers
// with the exit code. Ctrl-C once ends the drill that runs in good order; twice ends everything at once.
import { openLab } from '../../lab/open.ts';
import { finishRun } from './finish.ts';
import type { SelectedDrill } from './drill-files.ts';
import { EXIT } from '../exit-codes.ts';
import { toLabFacts } from './lab-facts.ts';
import { followRun, createProgressView } from '../terminal/progress.ts';
import type { ProgressView } from '../terminal/progress-view.ts';
import { openSession, type Session } from './session.ts';
import { resolveSettings, type RunOverrides } from './settings.ts';
import { onInterrupt, type InterruptHandlers } from './interrupt.ts';

export interface RunRequest {
  readonly drills: readonly SelectedDrill[];
  readonly overrides: RunOverrides;
  /** Standard output is for run.json alone. */
  readonly json: boolean;
}

/** @returns the exit code */
export async function runDrills({ drills, overrides: wishes, json }: RunRequest): Promise<number> {
  const view = createProgressView(json ? process.stderr : process.stdout);
  const stop = interruptHandlers(view);
  using _listening = onInterrupt(stop);
  await using lab = await openLab({
    engine: wishes.engine,
    keep: wishes.keep ?? false,
    images: drills.flatMap(({ images }) => images),
    progress: (doing) => view.print(`lab: ${doing}`),
  });
  const run = await resolveSettings({ ...wishes, only: drills.map(({ name }) => name) });
  await using session = await openSession((text) => view.print(text));
  stop.session = session;
  const files = [...new Set(drills.map(({ file }) => file))];
  const following = followRun(run.directory, drills, view);
  const errors = await session.run(files, toLabFacts(lab), run);
  following[Symbol.dispose]();
  view.close();
  return await finishRun({ run, drills, errors, json });
}

/** What the two Ctrl-C do, before and while there is a session to stop. */
function interruptHandlers(view: ProgressView): InterruptHandlers & { session: Session | undefined } {
  const leave = (code: number, why: string): never => {
    view.close();
    console.error(why);
    process.exit(code);
  };
  const stop: ReturnType<typeof interruptHandlers> = {
    session: undefined,
    stopGracefully() {
      if (!stop.session) return leave(EXIT.inconclusive, 'stopped before a drill began');
      view.print('stopping: logs, clean-up and report follow; Ctrl-C again to stop at once');
      stop.session.stop();
    },
    stopImmediately: () =>
      leave(EXIT.interrupted, 'stopped at once; `swarm-drill clean` removes what is left'),
  };
  return stop;
}
