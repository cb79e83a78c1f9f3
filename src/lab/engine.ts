// The one way to a Docker engine: dockerode, with streams that keep back-pressure and commands whose output is exact.
import Docker from 'dockerode';
import { Duplex, Writable, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DrillError, reasonOf } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { currentSignal } from '../support/trace.ts';

export type { Docker };

/**
 * A client for the engine at `host` (`unix://…`, `npipe://…`, `tcp://…`; TLS for tcp as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say).
 * Nothing is sent yet.
 */
export function connect(host: string): Docker {
  const url = new URL(host);
  if (url.protocol === 'unix:') return new Docker({ socketPath: url.pathname });
  if (url.protocol === 'npipe:') return new Docker({ socketPath: host.slice('npipe://'.length) });
  if (url.protocol === 'tcp:' || url.protocol === 'http:' || url.protocol === 'https:') {
    const secure = process.env['DOCKER_TLS_VERIFY'] ? { protocol: 'https' as const } : {};
    return new Docker({ host: url.hostname, port: url.port || 2375, ...secure });
  }
  throw new DrillError(`expected an engine at unix://, npipe:// or tcp://, got "${host}"`, {
    code: 'usage',
    blame: 'usage',
    hint: 'give --engine or DOCKER_HOST the form unix:///var/run/docker.sock',
  });
}

/** Whether an engine answers, within `limitMs`. @returns undefined when it does, else the reason */
export async function silence(docker: Docker, limitMs = 3000): Promise<string | undefined> {
  try {
    const tooLate = sleep(limitMs, 'late' as const, { ref: false });
    return (await Promise.race([docker.ping(), tooLate])) === 'late'
      ? `no answer within ${limitMs} ms`
      : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** A process in a container: what it reads and prints, and how it ended. */
export interface Running {
  /** Writes go to its standard input, reads come from its standard output. What it does not read any more is dropped, see `deaf`. */
  readonly io: Duplex;
  /** The same as a socket, whose write fails when nobody reads it any more. */
  asSocket(): Duplex;
  /** What it printed on standard error so far; at most the last 64 KiB. */
  stderr(): string;
  /** Its exit code; only after `io` was read to its end. */
  exitCode(): Promise<number>;
  /** Whether it ended, or closed its standard input, before it had read all that was sent. */
  deaf(): boolean;
  /** Closes the connection when the process has ended: an engine goes on waiting for somebody to read what is sent. */
  hangUpIfEnded(): Promise<void>;
}

export interface ExecOptions {
  readonly user?: string;
  readonly env?: readonly string[];
  /** Sent as standard input, then closed. */
  readonly input?: string | Buffer | Readable;
}

/** Starts `argv` in a running container. */
export async function start(
  docker: Docker,
  container: string,
  argv: readonly string[],
  { user, env }: Omit<ExecOptions, 'input'> = {},
): Promise<Running> {
  const exec = await docker.getContainer(container).exec({
    Cmd: [...argv],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    ...(user === undefined ? {} : { User: user }),
    ...(env === undefined ? {} : { Env: [...env] }),
  });
  const raw = await exec.start({ hijack: true, stdin: true });
  const io = new Demultiplexed(raw);
  return {
    io,
    stderr: () => io.stderr,
    deaf: () => io.deaf,
    asSocket: () => io.asSocket(),
    async hangUpIfEnded() {
      const { Running, ExitCode } = await exec.inspect();
      if (!Running && ExitCode !== null) io.hangUp();
    },
    // The engine hears of the end a moment after the last of the output was read.
    exitCode: () =>
      waitUntil(`the end of ${argv[0]}`, async () => {
        const { Running, ExitCode } = await exec.inspect();
        if (Running || ExitCode === null) return { notYet: 'it still runs' };
        // The end of what it printed may have gone down with the connection.
        if (ExitCode === 0 && io.deaf) return { giveUp: 'it ended before it had read its input' };
        return { done: ExitCode };
      }),
  };
}

/** Starts a created container with its streams attached, and feeds it. Whether it removes itself is up to its creator. */
export async function startAttached(
  container: Docker.Container,
  input?: ExecOptions['input'],
): Promise<Running> {
  const raw = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
  const io = new Demultiplexed(raw as Duplex);
  const exit = await nextExit(container);
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
  const running = {
    io,
    stderr: () => io.stderr,
    deaf: () => io.deaf,
    asSocket: () => io.asSocket(),
    hangUpIfEnded: async () => {
      if (hasEnded) io.hangUp();
    },
    exitCode: () => exit.code,
  };
  // What breaks it is told by whoever reads what the process prints.
  feed(running, input).catch(() => undefined);
  return running;
}

/**
 * The code that the container will exit with. Returns when the engine has begun to wait: one that removes itself can't be asked
 * afterwards, and a question that is still on its way when the container has ended waits for ever.
 */
async function nextExit({
  id,
  modem,
}: Docker.Container): Promise<{ code: Promise<number>; forget: () => void }> {
  const answer = await new Promise<Readable>((done, fail) => {
    const statusCodes = { 200: true, 400: 'bad parameter', 404: 'no such container', 500: 'server error' };
    const question = { path: `/containers/${id}/wait?`, method: 'POST', options: { condition: 'next-exit' } };
    (modem as Docker['modem']).dial(
      { ...question, isStream: true, statusCodes },
      (error: Error | null, stream: unknown) => (error ? fail(error) : done(stream as Readable)),
    );
  });
  const code = text(answer).then((said) => {
    const { StatusCode, Error: failure } = JSON.parse(said) as WaitAnswer;
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

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Feeds `input`, reads everything, waits for the end. Exact bytes: use `collect` where they are not text.
 * @throws what broke `input`, or the reason of the signal that ended the work
 */
export async function finish(running: Running, input?: ExecOptions['input']): Promise<Output> {
  const [stdout] = await Promise.all([text(running.io), feed(running, input)]);
  return { stdout, stderr: running.stderr(), exitCode: await running.exitCode() };
}

/** As `finish`, for bytes. */
export async function collect(
  running: Running,
): Promise<{ bytes: Buffer; exitCode: number; stderr: string }> {
  const [bytes] = await Promise.all([buffer(running.io), feed(running)]);
  return { bytes, exitCode: await running.exitCode(), stderr: running.stderr() };
}

/** How long nothing must have been read before one asks whether there still is a reader. */
const STALLED_MS = 1000;

/**
 * Sends `input` and closes standard input. A process that ends without reading it all is no error here: its exit code tells. When
 * `input` breaks, or the present work is told to stop, the connection ends with that error: whoever reads from it is told, too. The
 * process sees the end of its input, and must not take that for all of it.
 */
export async function feed(running: Running, input?: ExecOptions['input']): Promise<void> {
  if (input === undefined || typeof input === 'string' || Buffer.isBuffer(input)) {
    running.io.end(input);
    return;
  }
  const { io } = running;
  let written = 0;
  const standardInput = new Writable({
    write: (chunk: Buffer, encoding, done) =>
      void io.write(chunk, encoding, (error) => {
        written++;
        done(error ?? (running.deaf() ? new Error('nobody reads it') : null));
      }),
    final: (done) => void io.end(done),
  });
  let looked = 0;
  const watch = setInterval(() => {
    if (looked === written) running.hangUpIfEnded().catch(() => undefined);
    looked = written;
  }, STALLED_MS);
  const signal = currentSignal();
  try {
    await pipeline(input, standardInput, { signal });
  } catch (error) {
    if (running.deaf() && !signal.aborted) return;
    const cause = (signal.aborted ? signal.reason : error) as Error;
    io.destroy(cause);
    throw cause;
  } finally {
    clearInterval(watch);
  }
}

/**
 * Runs `argv` in a container to its end and returns its standard output.
 * @throws DrillError `command-failed` when it exits with anything but 0
 */
export async function exec(
  docker: Docker,
  container: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const output = await finish(await start(docker, container, argv, options), options.input);
  if (output.exitCode !== 0)
    throw new DrillError(`"${argv[0]}" ended with exit code ${output.exitCode}`, {
      code: 'command-failed',
      command: argv.join(' ').slice(0, 500),
      node: container,
      output: `${output.stdout}\n${output.stderr}`,
    });
  return output.stdout;
}

const HEADER_BYTES = 8;
const STDERR = 2;
const KEPT_STDERR = 64 * 1024;

/** The payload of a multiplexed answer that was read whole, both streams in their order. */
export function demultiplex(raw: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= raw.length;) {
    const end = at + HEADER_BYTES + raw.readUInt32BE(at + 4);
    pieces.push(raw.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** Docker's multiplexed stream (a header of 8 bytes before each piece) as one duplex; standard error is kept aside. */
class Demultiplexed extends Duplex {
  stderr = '';
  deaf = false;
  #isSocket = false;
  readonly #raw: Duplex;
  #pending = Buffer.alloc(0);

  constructor(raw: Duplex) {
    super({ allowHalfOpen: true });
    // Told by whoever reads or writes.
    this.on('error', () => undefined);
    this.#raw = raw;
    raw.on('data', (chunk: Buffer) => {
      if (!this.#take(chunk)) raw.pause();
    });
    raw.on('end', () => this.#end());
    raw.on('close', () => this.#end());
    raw.on('error', (error: NodeJS.ErrnoException) => {
      // Only a write meets this. What there was to read ends with the close that follows.
      if (error.code === 'EPIPE' && !this.#isSocket) this.deaf = true;
      else this.destroy(error);
    });
  }

  #end(): void {
    if (this.#pending.length === 0) this.push(null);
    else this.destroy(new Error('the engine ended a stream in the middle of a piece'));
  }

  asSocket(): this {
    this.#isSocket = true;
    return this;
  }

  /** Nobody is there any more who would read. */
  hangUp(): void {
    this.deaf = true;
    this.#raw.destroy();
  }

  /** @returns false when the reader should be waited for */
  #take(chunk: Buffer): boolean {
    let more = true;
    let data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    while (data.length >= HEADER_BYTES) {
      const length = data.readUInt32BE(4);
      if (data.length < HEADER_BYTES + length) break;
      const piece = data.subarray(HEADER_BYTES, HEADER_BYTES + length);
      if (data[0] === STDERR) this.stderr = (this.stderr + piece.toString('utf8')).slice(-KEPT_STDERR);
      else more = this.push(piece) && more;
      data = data.subarray(HEADER_BYTES + length);
    }
    this.#pending = data.length > 0 ? Buffer.from(data) : Buffer.alloc(0);
    return more;
  }

  override _read(): void {
    this.#raw.resume();
  }
  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, encoding, (error) => {
      if (error && this.#raw.destroyed && !this.#isSocket) this.deaf = true;
      done(this.deaf ? null : error);
    });
  }
  override _final(done: (error?: Error | null) => void): void {
    this.#raw.end(() => done());
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }

  // What Node's HTTP agent expects of a socket.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
