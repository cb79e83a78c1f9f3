// Setup file of each worker where vitest runs the drills, e.g. in an editor: turns every drill that a file declares into one test.
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { Drill } from '../../drill/plan.ts';
import { onDrillDeclared } from '../../drill/registry.ts';
import { runDrill } from '../../drill/run.ts';
import { writeDrillReport } from '../../report/write.ts';
import { DrillError } from '../../support/errors.ts';
import { createRuntime } from './runtime.ts';
import { formatRerunCommand } from './settings.ts';

onDrillDeclared((drill) => {
  // A drill may import another drill's file.
  if (drill.file !== expect.getState().testPath) return;
  test(drill.title, async ({ signal }) => {
    const running = runAndReport(drill, signal);
    // Vitest ends an aborted test immediately; the worker must wait until the drill has cleaned up.
    onTestFinished(() => running.catch(() => undefined), 0);
    await running;
  });
});

/** @throws DrillError unless the verdict is recovered */
async function runAndReport(drill: Drill, aborted: AbortSignal): Promise<void> {
  const run = inject('run');
  const runtime = createRuntime({ lab: inject('lab'), run: run.id });
  const dir = join(run.directory, drill.name);
  await runDrill(drill, runtime, {
    ...run,
    dir,
    rerunCommand: formatRerunCommand(drill.name, run),
    signal: stopSignal(aborted),
  });
  const { verdict, reason } = await writeDrillReport(dir);
  if (verdict !== 'recovered') throw new DrillError(`${verdict}: ${reason}`, { code: verdict });
}

/** Returns a signal whose reason says why the drill stopped early. */
function stopSignal(aborted: AbortSignal): AbortSignal {
  const stop = new AbortController();
  const reason = new DrillError('the drill was stopped', { code: 'stopped' });
  aborted.addEventListener('abort', () => stop.abort(reason), { once: true });
  return stop.signal;
}
