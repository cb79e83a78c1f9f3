// Lets code at any depth record its steps and waits without a logger in every signature.
// A drill opens a trace that writes to the journal; outside a trace, steps simply run.
import { AsyncLocalStorage } from 'node:async_hooks';
import { reasonOf } from './errors.ts';

export interface StepOptions {
  /** Work of the harness itself (collecting logs, hashing for the report): shown in a separate row, never part of RTA. */
  readonly harness?: boolean;
  /** Set where the step is one method's whole backup or restore, so that reports find its time without its name. */
  readonly operation?: StepOperation;
  /** What an operator types for the same effect; the report prints the commands of the restore as a runbook. */
  readonly command?: StepCommand;
}

export interface StepCommand {
  /** The machine on which it is typed, e.g. `manager-1`. */
  readonly on: string;
  /** For a shell. Nothing secret: a token or key is named, as in `--token <worker token>`. */
  readonly line: string;
}

/** Returns the options of a step with the command that an operator types on `machine` for the same effect. */
export const typed = ({ name }: { readonly name: string }, line: string): StepOptions => ({
  command: { on: name, line },
});

export interface StepOperation {
  readonly kind: 'backup' | 'restore';
  /** Name of the method. */
  readonly method: string;
}

/** Where steps and waits are written, e.g. the journal. */
export interface TraceSink {
  stepStarted(id: number, parent: number | undefined, name: string, options: StepOptions): void;
  stepEnded(id: number, error: string | undefined): void;
  waiting(step: number | undefined, because: string): void;
}

interface Trace {
  readonly sink: TraceSink;
  readonly signal: AbortSignal;
  readonly step: number | undefined;
  readonly ids: { next: number };
}

const current = new AsyncLocalStorage<Trace>();

/** Runs `body` with its steps and waits going to `sink`; `signal` ends the waits inside. */
export const withTrace = <T>(sink: TraceSink, signal: AbortSignal, body: () => Promise<T>): Promise<T> =>
  current.run({ sink, signal, step: undefined, ids: { next: 1 } }, body);

/** Runs `body` under another signal: clean-up continues after the drill was stopped. */
export function withSignal<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  const trace = current.getStore();
  return trace ? current.run({ ...trace, signal }, body) : body();
}

/** Runs `body` as a named, timed step. Steps inside it, sequential or parallel, become its parts. */
export async function step<T>(
  name: string,
  body: () => Promise<T> | T,
  options: StepOptions = {},
): Promise<T> {
  const trace = current.getStore();
  if (!trace) return body();
  const id = trace.ids.next++;
  trace.sink.stepStarted(id, trace.step, name, options);
  try {
    const value = await current.run({ ...trace, step: id }, async () => body());
    trace.sink.stepEnded(id, undefined);
    return value;
  } catch (error) {
    trace.sink.stepEnded(id, reasonOf(error));
    throw error;
  }
}

/** Records what the current step waits for. */
export function reportWait(because: string): void {
  const trace = current.getStore();
  trace?.sink.waiting(trace.step, because);
}

/** Returns the signal that ends the current work; outside a trace, one that never fires. */
export const currentSignal = (): AbortSignal => current.getStore()?.signal ?? new AbortController().signal;
