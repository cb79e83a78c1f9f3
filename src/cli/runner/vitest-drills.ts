// In each worker, before a drill file is read: every drill that it declares becomes one vitest test.
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { Drill } from '../../drill/plan.ts';
import { onDrill } from '../../drill/registry.ts';
import { runDrill } from '../../drill/run.ts';
import { writeDrillReport } from '../../report/write.ts';
import { DrillError } from '../../support/errors.ts';
import { createRuntime } from './runtime.ts';
import { formatRerunCommand } from './settings.ts';

onDrill((drill) => {
  // A drill may import another one for its plan.
  if (drill.file !== expect.getState().testPath) return;
  // A file may declare several, of which the person named some.
  if (inject('run').only?.includes(drill.name) === false) return;
  test(drill.title, async ({ signal }) => {
    const running = runAndReport(drill, signal);
    // An aborted test ends at once for vitest; the worker must live until the drill has cleaned up.
    onTestFinished(() => running.catch(() => undefined), 0);
    await running;
  });
});

/** @throws DrillError when the verdict is anything but recovered */
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

/** Says in our words why the drill ended early. */
function stopSignal(aborted: AbortSignal): AbortSignal {
  const stop = new AbortController();
  const reason = new DrillError('the drill was told to stop', { code: 'stopped' });
  aborted.addEventListener('abort', () => stop.abort(reason), { once: true });
  return stop.signal;
}
