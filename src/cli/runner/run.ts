// A run from the command line: opens the lab, lets vitest run the drills, shows what they do, writes the reports and answers
// with the exit code. Ctrl-C once ends the drill that runs in good order; twice ends everything at once.
import { workloadImages } from '../../../fixtures/images/recipes.ts';
import { openLab } from '../../lab/open.ts';
import { conclude } from './conclude.ts';
import type { DrillChoice } from './drill-files.ts';
import { EXIT } from '../exit.ts';
import { factsOf } from './lab-facts.ts';
import { followRun, viewFor } from '../terminal/progress.ts';
import type { View } from '../terminal/view.ts';
import { openSession, type Session } from './session.ts';
import { settle, type Wishes } from './settings.ts';
import { onStop, type Stop } from './stopping.ts';

export interface RunRequest {
  readonly drills: readonly DrillChoice[];
  readonly wishes: Wishes;
  /** Standard output is for run.json alone. */
  readonly json: boolean;
}

/** @returns the exit code */
export async function runDrills({ drills, wishes, json }: RunRequest): Promise<number> {
  const view = viewFor(json ? process.stderr : process.stdout);
  const stop = stopper(view);
  using _listening = onStop(stop);
  await using lab = await openLab({
    engine: wishes.engine,
    keep: wishes.keep ?? false,
    images: workloadImages,
    progress: (doing) => view.note(`lab: ${doing}`),
  });
  const run = await settle({ ...wishes, only: drills.map(({ name }) => name) });
  await using session = await openSession((text) => view.note(text));
  stop.session = session;
  const files = [...new Set(drills.map(({ file }) => file))];
  const following = followRun(run.directory, drills, view);
  const errors = await session.run(files, factsOf(lab), run);
  following[Symbol.dispose]();
  view.close();
  return await conclude({ run, drills, errors, json });
}

/** What the two Ctrl-C do, before and while there is a session to stop. */
function stopper(view: View): Stop & { session: Session | undefined } {
  const leave = (code: number, why: string): never => {
    view.close();
    console.error(why);
    process.exit(code);
  };
  const stop: ReturnType<typeof stopper> = {
    session: undefined,
    orderly() {
      if (!stop.session) return leave(EXIT.inconclusive, 'stopped before a drill began');
      view.note('stopping: logs, clean-up and report follow; Ctrl-C again to stop at once');
      stop.session.stop();
    },
    atOnce: () => leave(EXIT.interrupted, 'stopped at once; `swarm-drill clean` removes what is left'),
  };
  return stop;
}
