// Processes in containers: streams that keep back-pressure, and commands whose output is exact.
import type Docker from 'dockerode';
import { Writable, type Duplex, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { commandName, commandReason } from '../../support/command-reason.ts';
import { DrillError } from '../../support/errors.ts';
import { currentSignal } from '../../support/trace.ts';
import type { Engine } from './engine.ts';
import { NOT_STARTED } from './errors.ts';
import { FrameStream } from './frames.ts';
import { sendRequest } from './request.ts';

/** A process in a container: its input and output, and how it ended. */
export interface ContainerProcess {
  /** Writes go to its standard input, reads come from its standard output. Input that it no longer reads is dropped, see `stdinClosed`. */
  readonly io: Duplex;
  /** The same as a socket: a write fails when the process no longer reads. */
  asSocket(): Duplex;
  /** What it printed on standard error so far; at most the last 64 KiB. */
  stderr(): string;
  /** Its exit code; only after `io` was read to its end. @throws DrillError `exec-not-started` if the engine did not start it */
  exitCode(): Promise<number>;
  /** Whether it ended, or closed its standard input, before it had read all input. */
  stdinClosed(): boolean;
  /** Closes the connection if the process has ended: the engine itself keeps waiting for a reader of the input. */
  abortIfEnded(): Promise<void>;
}

export interface ExecOptions {
  readonly user?: string;
  readonly env?: readonly string[];
  /** Sent as standard input, which is then closed. */
  readonly input?: string | Buffer | Readable;
}

/** See `Engine.containers`. */
export async function startAttached(
  docker: Docker,
  id: string,
  input?: ExecOptions['input'],
): Promise<ContainerProcess> {
  const container = docker.getContainer(id);
  const raw = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
  const io = new FrameStream(raw as Duplex);
  const exit = await nextExit(docker, id);
  let hasEnded = false;
  exit.code.then(
    () => (hasEnded = true),
    () => undefined,
  );
  try {
    await container.start();
  } catch (error) {
    exit.forget();
    io.destroy();
    throw error;
  }
  const started = processOn(io, { hasEnded: async () => hasEnded, exitCode: () => exit.code });
  // Its failure reaches the reader of the process's output.
  sendInput(started, input).catch(() => undefined);
  return started;
}

/** Returns the process at the other end of `io`. */
export const processOn = (
  io: FrameStream,
  { hasEnded, exitCode }: { hasEnded: () => Promise<boolean>; exitCode: () => Promise<number> },
): ContainerProcess => ({
  io,
  exitCode,
  stderr: () => io.stderr,
  stdinClosed: () => io.stdinClosed,
  asSocket: () => io.asSocket(),
  async abortIfEnded() {
    if (await hasEnded()) io.abort();
  },
});

/**
 * Asks for the code that the container will exit with. Returns once the engine waits: a container that removes itself can't be asked
 * after its end, and a request that arrives after the container has ended waits for ever.
 */
async function nextExit(docker: Docker, id: string): Promise<{ code: Promise<number>; forget: () => void }> {
  const query = { condition: 'next-exit' };
  const path = `/containers/${id}/wait`;
  const answer = await sendRequest<Readable>(docker, { method: 'POST', path, query, isStream: true });
  const code = text(answer).then((json) => {
    const { StatusCode, Error: failure } = JSON.parse(json) as WaitAnswer;
    if (failure?.Message) throw new Error(failure.Message);
    return StatusCode;
  });
  code.catch(() => undefined);
  return { code, forget: () => answer.destroy() };
}

interface WaitAnswer {
  readonly StatusCode: number;
  readonly Error?: { readonly Message: string } | null;
}

export interface ProcessOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Sends `input`, reads all output as text and waits for the end; `bytesOf` does so for output that is not text.
 * @throws the error of `input`, or the reason of the signal that ended the work
 */
export async function outputOf(
  running: ContainerProcess,
  input?: ExecOptions['input'],
): Promise<ProcessOutput> {
  const [stdout] = await Promise.all([text(running.io), sendInput(running, input)]);
  return { stdout, stderr: running.stderr(), exitCode: await running.exitCode() };
}

/** Reads all output as bytes and waits for the end. */
export async function bytesOf(
  running: ContainerProcess,
): Promise<{ bytes: Buffer; exitCode: number; stderr: string }> {
  const [bytes] = await Promise.all([buffer(running.io), sendInput(running)]);
  return { bytes, exitCode: await running.exitCode(), stderr: running.stderr() };
}

/** How long no input must have been read before the engine is asked whether the process has ended. */
const STALLED_MS = 1000;

/**
 * Sends `input` and closes standard input. A process that ends without reading it all is not an error here: its exit code shows it.
 * When `input` fails, or the present work is aborted, the connection ends with that error, which also reaches the reader of the output. The
 * process sees the end of its input, and must not take it for complete.
 */
export async function sendInput(running: ContainerProcess, input?: ExecOptions['input']): Promise<void> {
  if (input === undefined || typeof input === 'string' || Buffer.isBuffer(input)) {
    running.io.end(input);
    return;
  }
  const { io } = running;
  let written = 0;
  let isWritten = false;
  const standardInput = new Writable({
    write: (chunk: Buffer, encoding, done) =>
      void io.write(chunk, encoding, (error) => {
        written++;
        done(error ?? (running.stdinClosed() ? new Error('the process no longer reads its input') : null));
      }),
    // A process may end with the last of its input: the reader of its output then destroys `io`, and nothing is lost.
    final(done) {
      isWritten = true;
      io.end((error?: Error | null) => done(io.readableEnded && io.errored === null ? null : error));
    },
  });
  let writtenBefore = 0;
  const watch = setInterval(() => {
    // A process that has all of its input ends by itself. Its output may still be on its way, and must not be cut off.
    if (writtenBefore === written && !isWritten) running.abortIfEnded().catch(() => undefined);
    writtenBefore = written;
  }, STALLED_MS);
  const signal = currentSignal();
  try {
    await pipeline(input, standardInput, { signal });
  } catch (error) {
    if (running.stdinClosed() && !signal.aborted) return;
    const cause = (signal.aborted ? signal.reason : error) as Error;
    io.destroy(cause);
    throw cause;
  } finally {
    clearInterval(watch);
  }
}

/** How often a program is started that the engine does not start. */
const ATTEMPTS = 3;

/**
 * Runs `argv` in a container to its end and returns its standard output. What the engine did not start is started again, unless its
 * input is a stream: nothing ran yet.
 * @throws DrillError `command-failed` when it exits with anything but 0; `exec-not-started`
 */
export async function execInContainer(
  engine: Engine,
  container: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const { input } = options;
  const isRepeatable = input === undefined || typeof input === 'string' || Buffer.isBuffer(input);
  for (let attempt = 1; ; attempt++) {
    try {
      return await execOnce(engine, container, argv, options);
    } catch (error) {
      const hasStarted = !(error instanceof DrillError && error.code === NOT_STARTED);
      if (hasStarted || !isRepeatable || attempt === ATTEMPTS) throw error;
    }
  }
}

async function execOnce(
  engine: Engine,
  container: string,
  argv: readonly string[],
  options: ExecOptions,
): Promise<string> {
  const running = await engine.containers.startProcess(container, argv, options);
  return completedOutput(running, { ...options, argv, where: container });
}

/** Sends `input`, waits for the end and returns standard output. @throws DrillError `command-failed` when it exits with anything but 0 */
export async function completedOutput(
  running: ContainerProcess,
  {
    argv,
    input,
    where,
  }: {
    readonly argv: readonly string[];
    readonly input?: ExecOptions['input'];
    /** The container or node, for the error. */
    readonly where: string;
  },
): Promise<string> {
  const { stdout, stderr, exitCode } = await outputOf(running, input);
  if (exitCode === 0) return stdout;
  throw new DrillError(commandReason(commandName(argv), exitCode, stderr.trim() || stdout), {
    code: 'command-failed',
    command: argv.join(' ').slice(0, 500),
    node: where,
    output: `${stdout}\n${stderr}`,
  });
}
