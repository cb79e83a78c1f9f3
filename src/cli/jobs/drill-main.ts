// The process of one drill, started by drill-process.ts. It runs the drill that the first message names, and exits.
import { join } from 'node:path';
import { runDrill } from '../../drill/run.ts';
import type { OtherDrills } from '../../drill/runtime.ts';
import { writeDrillReport } from '../../report/write.ts';
import { describeError, DrillError, hintOf, reasonOf } from '../../support/errors.ts';
import { createRuntime } from '../runner/runtime.ts';
import { formatRerunCommand } from '../runner/settings.ts';
import { loadDrills } from '../select/drill-files.ts';
import { dieWith } from './lifeline.ts';
import { type FromDrill, LIFELINE, type ToDrill } from './messages.ts';

type Start = Extract<ToDrill, { type: 'start' }>;

/** Tracks what the program says about the other drills. */
class AnnouncedOthers implements OtherDrills {
  #names: readonly string[];
  readonly #listeners = new Set<(names: readonly string[]) => void>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  subscribe(listener: (names: readonly string[]) => void): Disposable {
    this.#listeners.add(listener);
    listener(this.#names);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  announce(names: readonly string[]): void {
    this.#names = names;
    for (const listener of this.#listeners) listener(names);
  }
}

dieWith(LIFELINE);
// Connections break when a drill destroys what is at their other end. An error that no one waited for is shown and ends nothing: the
// drill's own functions and checks report what failed.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => console.error(`not handled: ${describeError(error)}`));
process.once('message', (message) => void serve(message as Start));

async function serve(start: Start): Promise<void> {
  const stopping = new AbortController();
  const others = new AnnouncedOthers(start.others);
  process.on('message', (message) => {
    const sent = message as ToDrill;
    if (sent.type === 'stop')
      stopping.abort(
        new DrillError(sent.reason, { code: 'stopped', ...(sent.hint !== undefined && { hint: sent.hint }) }),
      );
    if (sent.type === 'others') others.announce(sent.names);
  });
  const last = await run(start, others, stopping.signal).catch((error: unknown): FromDrill => ({
    type: 'failed',
    reason: reasonOf(error),
    detail: describeError(error),
    hint: hintOf(error),
  }));
  process.send?.(last, () => process.exit(0));
}

async function run(
  { name, file, lab, run: settings }: Start,
  others: OtherDrills,
  signal: AbortSignal,
): Promise<FromDrill> {
  const drill = (await loadDrills({ name, file })).find((one) => one.name === name);
  if (!drill) throw new DrillError(`${file} declares no drill "${name}" any more`, { code: 'no-drill' });
  const dir = join(settings.directory, name);
  await runDrill(drill, createRuntime({ lab, run: settings.id }), {
    ...settings,
    dir,
    rerunCommand: formatRerunCommand(name, settings),
    others,
    signal,
  });
  const { verdict } = await writeDrillReport(dir);
  return { type: 'ended', verdict };
}
