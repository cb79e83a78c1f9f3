// How long a new user waits for the first report: a fresh clone and an empty cache, then the same command again. npm and apt may have
// cached packages: clear their caches to measure the downloads, too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../src/cli/project.ts';
import { monotonic } from '../src/support/clock.ts';
import { runProgram } from '../src/support/command.ts';

const DRILL = 'single-manager';

export async function firstRun(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-bench-'));
  try {
    await runProgram('git', ['clone', '--quiet', ROOT, join(home, 'clone')]);
    const first = await timeDrill(home);
    const second = await timeDrill(home);
    console.log(
      `first run: ${DRILL} with an empty cache ${first.toFixed(1)} s (to reach: at most 150 s), again ${second.toFixed(1)} s: ` +
        `the set-up takes ${(first - second).toFixed(1)} s, ${(first / second).toFixed(1)} times the second run`,
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** @returns seconds until the report is there @throws unless the drill recovered */
async function timeDrill(home: string): Promise<number> {
  const began = monotonic();
  await runProgram('npm', ['run', 'drill', '--', DRILL], {
    cwd: join(home, 'clone'),
    env: { SWARM_DRILL_CACHE: join(home, 'cache') },
  });
  return monotonic() - began;
}
