// Setup file of each worker: turns every drill that a file declares into one vitest test.
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
  // A file may declare several drills, of which only some were selected.
  if (inject('run').only?.includes(drill.name) === false) return;
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
