// Lets code at any depth say what it is doing and what it waits for, without a logger in every signature.
// The drill's run opens a trace that writes to the journal; outside of one, steps simply run.
import { AsyncLocalStorage } from 'node:async_hooks';
import { reasonOf } from './errors.ts';

export interface StepOptions {
  /** Work of the harness itself (collecting logs, hashing for the report): shown in a row of its own, never part of RTA. */
  readonly harness?: boolean;
  /** Set where the step is one method's whole backup or restore, so that reports find its time without its name. */
  readonly operation?: StepOperation;
}

export interface StepOperation {
  readonly kind: 'backup' | 'restore';
  /** Name of the method. */
  readonly method: string;
}

/** Where steps and waits are written; the journal is the one there is. */
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

/** Runs `body` under another signal: clean-up goes on after the drill itself was told to stop. */
export function withSignal<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  const trace = current.getStore();
  return trace ? current.run({ ...trace, signal }, body) : body();
}

/** Runs `body` as a named, timed step. Steps inside it, one after the other or side by side, become its parts. */
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

/** Says what the present step waits for. Written only when the reason changes. */
export function reportWait(because: string): void {
  const trace = current.getStore();
  trace?.sink.waiting(trace.step, because);
}

/** The signal that ends the present work; one that never fires outside of a trace. */
export const currentSignal = (): AbortSignal => current.getStore()?.signal ?? new AbortController().signal;
