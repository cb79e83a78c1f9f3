// Docker's multiplexed streams: before each piece of output a header of 8 bytes, which says whether it is standard output or
// standard error and how long it is.
//
// Not docker-modem's demuxStream, which calls itself once per frame (7,000 frames in one chunk overflow the stack), ignores that
// its reader is full, and ends a stream that stops in the middle of a frame as if it were complete.
import { Duplex } from 'node:stream';

const HEADER_BYTES = 8;
const STDERR = 2;
/** Bytes. */
const KEPT_STDERR = 64 * 1024;

/** Calls `take` with each complete frame. @returns the bytes after the last of them */
function takeFrames(data: Buffer, take: (payload: Buffer, isError: boolean) => void): Buffer {
  let at = 0;
  while (data.length - at >= HEADER_BYTES) {
    const start = at + HEADER_BYTES;
    const end = start + data.readUInt32BE(at + 4);
    if (data.length < end) break;
    take(data.subarray(start, end), data[at] === STDERR);
    at = end;
  }
  return data.subarray(at);
}

/** Returns the payload of a multiplexed answer that was read completely, both streams in their order. */
export function demultiplex(raw: Buffer): Buffer {
  const pieces: Buffer[] = [];
  takeFrames(raw, (payload) => pieces.push(payload));
  return Buffer.concat(pieces);
}

/** A multiplexed connection as one duplex: reads are standard output, standard error is kept in `stderr`. */
export class FrameStream extends Duplex {
  /** At most the last 64 KiB. */
  stderr = '';
  /** The process reads no more input: what is written is dropped. */
  stdinClosed = false;
  /** Whether the process has printed anything. */
  hasOutput = false;
  #isSocket = false;
  readonly #raw: Duplex;
  #pending = Buffer.alloc(0);

  constructor(raw: Duplex) {
    super({ allowHalfOpen: true });
    // Reported by the reader or the writer.
    this.on('error', () => undefined);
    this.#raw = raw;
    raw.on('data', (chunk: Buffer) => {
      if (!this.#take(chunk)) raw.pause();
    });
    raw.on('end', () => this.#end());
    raw.on('close', () => this.#end());
    raw.on('error', (error: NodeJS.ErrnoException) => {
      // Only a write meets this. What there was to read ends with the close that follows.
      if (error.code === 'EPIPE' && !this.#isSocket) this.stdinClosed = true;
      else this.destroy(error);
    });
  }

  #end(): void {
    if (this.#pending.length === 0) this.push(null);
    else this.destroy(new Error('the engine ended a stream in the middle of a frame'));
  }

  /** Makes a write fail when the other side reads no more. */
  asSocket(): this {
    this.#isSocket = true;
    return this;
  }

  /** Closes the connection: no reader is left at the other side. */
  abort(): void {
    this.stdinClosed = true;
    this.#raw.destroy();
  }

  /** @returns false when the reader is full */
  #take(chunk: Buffer): boolean {
    let more = true;
    const data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    const rest = takeFrames(data, (payload, isError) => {
      this.hasOutput = true;
      if (isError) this.stderr = (this.stderr + payload.toString('utf8')).slice(-KEPT_STDERR);
      else more = this.push(payload) && more;
    });
    this.#pending = Buffer.from(rest);
    return more;
  }

  override _read(): void {
    this.#raw.resume();
  }
  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, encoding, (error) => {
      // A connection that the other side has ended is not yet destroyed.
      const isClosed = this.#raw.destroyed || (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
      if (error && isClosed && !this.#isSocket) this.stdinClosed = true;
      done(this.stdinClosed ? null : error);
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
