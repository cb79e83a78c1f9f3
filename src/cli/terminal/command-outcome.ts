// Runs a command that changes a real system: prints its steps on standard error and its result on standard output, and stops
// with cleanup on Ctrl-C.
import { statusOf } from '../../lab/engine/errors.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';
import { withTrace } from '../../support/trace.ts';
import { EXIT } from '../exit-codes.ts';
import { StepPrinter } from './step-printer.ts';
import { onInterrupt } from '../runner/interrupt.ts';

/** A result as it is printed: lines for people, an object for programs. */
export interface CommandOutcome {
  readonly lines: readonly string[];
  readonly json: object;
}

/** @throws what `body` throws, after printing it as JSON with `json` */
export async function runCommand<T>(
  command: string,
  json: boolean,
  renderOutcome: (result: T) => CommandOutcome,
  body: () => Promise<T>,
): Promise<void> {
  const abort = new AbortController();
  using _listening = onInterrupt({
    stopGracefully() {
      console.error('stopping: undoing what was started; press Ctrl-C again to stop immediately');
      abort.abort(new DrillError('stopped by a signal', { code: 'stopped' }));
    },
    stopImmediately() {
      console.error('stopped; the next backup or restore recovers from the interruption');
      process.exit(EXIT.interrupted);
    },
  });
  const print = (value: object): void => console.log(JSON.stringify({ command, ...value }, undefined, 2));
  try {
    const { lines, json: facts } = renderOutcome(
      await withTrace(new StepPrinter(`swarm ${command}`, console.error), abort.signal, body),
    );
    if (json) print({ ok: true, ...facts });
    else for (const line of lines) console.log(line);
  } catch (cause) {
    const error = asDrillError(cause);
    if (json) print({ ok: false, error: errorFacts(error) });
    throw error;
  }
}

/** Turns errors of the file system and of an engine's API into DrillErrors: a stack of this program does not explain them. */
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
