// Checks that a tar is complete while it is streamed. The engine's archive call answers 200 before it reads the first file; when a
// file shrinks while it is read, the stream ends early, and the end of the connection looks like any other.
import { once } from 'node:events';
import { pipeline, Transform, type Readable, type TransformCallback } from 'node:stream';
import { extract } from 'tar-stream';
import { finding, reasonOf } from '../../support/errors.ts';

/** A tar ends with two blocks of zeros. */
const END_BYTES = 1024;

/**
 * Passes the bytes on; the stream fails with a finding when they are not a whole tar with at least one entry.
 * @param what names the tar in the finding
 */
export function verifyWholeTar(tar: Readable, what: string): Readable {
  // An error of either ends both, and the reader gets it.
  return pipeline(tar, new TarVerifier(what), () => undefined);
}

class TarVerifier extends Transform {
  readonly #what: string;
  readonly #parser = extract();
  /** Resolves to what is wrong with it, or to undefined when it was parsed to its end. */
  readonly #parsed: Promise<string | undefined>;
  #entries = 0;
  #end = Buffer.alloc(0);

  constructor(what: string) {
    super();
    this.#what = what;
    this.#parser.on('entry', (_header, content, next) => {
      this.#entries++;
      // The parser emits the same error.
      content.on('error', () => undefined);
      content.once('end', next);
      content.resume();
    });
    this.#parsed = new Promise((done) => {
      this.#parser.once('error', (error) => done(reasonOf(error)));
      this.#parser.once('close', () => done(this.#whatIsMissing()));
    });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#end = Buffer.concat([this.#end, chunk.subarray(-END_BYTES)]).subarray(-END_BYTES);
    if (this.#parser.write(chunk)) {
      done(null, chunk);
      return;
    }
    void Promise.race([once(this.#parser, 'drain').then(() => undefined), this.#parsed]).then((wrong) =>
      done(this.#finding(wrong), chunk),
    );
  }

  override _flush(done: TransformCallback): void {
    this.#parser.end(null);
    void this.#parsed.then((wrong) => done(this.#finding(wrong)));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#parser.destroy();
    done(error);
  }

  #whatIsMissing(): string | undefined {
    if (this.#entries === 0) return 'it has no entry (nothing was read)';
    const ended = this.#end.length === END_BYTES && this.#end.every((byte) => byte === 0);
    return ended ? undefined : 'the blocks that end a tar are missing';
  }

  #finding(wrong: string | undefined): Error | null {
    if (wrong === undefined) return null;
    return finding(`${this.#what}: not a whole tar: ${wrong}`, {
      code: 'torn-archive',
      hint: 'A file that shrinks while it is read breaks it: stop the service that writes, and back up again.',
    });
  }
}
