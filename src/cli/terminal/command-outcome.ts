// A command that works on something real: its steps are told on standard error, its result on standard output, and a Ctrl-C
// ends it in good order.
import { statusOf } from '../../lab/engine/errors.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';
import { traced } from '../../support/trace.ts';
import { EXIT } from '../exit-codes.ts';
import { StepPrinter } from './step-printer.ts';
import { onInterrupt } from '../runner/interrupt.ts';

/** What is told of a result: lines for a person, an object for a machine. */
export interface CommandOutcome {
  readonly lines: readonly string[];
  readonly json: object;
}

/** @throws what `body` throws, when it was told as JSON too */
export async function runCommand<T>(
  command: string,
  json: boolean,
  words: (result: T) => CommandOutcome,
  body: () => Promise<T>,
): Promise<void> {
  const abort = new AbortController();
  using _listening = onInterrupt({
    stopGracefully() {
      console.error('stopping: what was begun is undone; Ctrl-C again to stop at once');
      abort.abort(new DrillError('stopped by a signal', { code: 'stopped' }));
    },
    stopImmediately() {
      console.error('stopped at once; the next backup or restore mends what is half done');
      process.exit(EXIT.interrupted);
    },
  });
  const print = (value: object): void => console.log(JSON.stringify({ command, ...value }, undefined, 2));
  try {
    const { lines, json: facts } = words(
      await traced(new StepPrinter(`swarm ${command}`, console.error), abort.signal, body),
    );
    if (json) print({ ok: true, ...facts });
    else for (const line of lines) console.log(line);
  } catch (cause) {
    const error = asDrillError(cause);
    if (json) print({ ok: false, error: errorFacts(error) });
    throw error;
  }
}

/** What the file system or an engine's API refuses is the machine's fault, and no stack of ours explains it. */
function asDrillError(error: unknown): unknown {
  const { syscall } = error as { syscall?: string };
  if (error instanceof DrillError || (syscall ?? statusOf(error)) === undefined) return error;
  return new DrillError(reasonOf(error), { code: syscall ? 'file-system' : 'engine-refused', cause: error });
}

function errorFacts(error: unknown): object {
  if (!(error instanceof DrillError))
    return { code: 'unexpected', blame: 'harness', reason: reasonOf(error) };
  const { code, blame, hint, command, node, output } = error;
  return { code, blame, reason: reasonOf(error), hint, command, node, output };
}
