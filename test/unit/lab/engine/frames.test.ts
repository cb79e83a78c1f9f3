import { Duplex, PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { demultiplex, FrameStream } from '../../../../src/lab/engine/frames.ts';

const frame = (stream: 1 | 2, payload: Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
};
const pattern = (bytes: number): Buffer => Buffer.alloc(bytes, 'a binary pattern \u0000\u0001\u0002');

/** @param chunks of the connection, in any size */
function connection(chunks: Iterable<Buffer>): FrameStream {
  const raw = Duplex.from({ readable: PassThrough.from(chunks), writable: new PassThrough() });
  return new FrameStream(raw);
}

function* inChunks(data: Buffer, bytes: number): Iterable<Buffer> {
  for (let at = 0; at < data.length; at += bytes) yield data.subarray(at, at + bytes);
}

test.each([1, 7, 8, 9, 65_536])('returns exact bytes from chunks of %i bytes', async (size) => {
  const bytes = size < 10 ? 20_000 : 3_000_000;
  const data = Buffer.concat([...inChunks(pattern(bytes), bytes / 20)].map((piece) => frame(1, piece)));
  expect((await buffer(connection(inChunks(data, size)))).equals(pattern(bytes))).toBe(true);
});

test('keeps standard error apart', async () => {
  const stream = connection([
    frame(1, Buffer.from('out ')),
    frame(2, Buffer.from('warning')),
    frame(1, Buffer.from('put')),
  ]);
  expect((await buffer(stream)).toString()).toBe('out put');
  expect(stream.stderr).toBe('warning');
});

test('takes thousands of one-byte frames in one chunk', async () => {
  const data = Buffer.concat(Array.from({ length: 7000 }, () => frame(1, Buffer.from('x'))));
  expect(await buffer(connection([data]))).toHaveLength(7000);
});

test.each(['header', 'payload'])('fails when the connection ends within a %s', async (part) => {
  const whole = frame(1, Buffer.from('payload'));
  const cut = whole.subarray(0, part === 'header' ? 5 : 12);
  await expect(buffer(connection([whole, cut]))).rejects.toThrow('in the middle of a frame');
});

test('pauses the connection while its reader is full', async () => {
  let sent = 0;
  const chunk = frame(1, pattern(65_536));
  const endless = Duplex.from(
    (function* () {
      for (;;) {
        sent += 65_536;
        yield chunk;
      }
    })(),
  );
  const stream = new FrameStream(endless);
  await new Promise((done) => setTimeout(done, 50));
  expect(sent).toBeLessThan(1_000_000);
  stream.destroy();
});

test('demultiplexes an answer that was read completely', () => {
  const raw = Buffer.concat([
    frame(1, Buffer.from('a')),
    frame(2, Buffer.from('b')),
    frame(1, Buffer.from('c')),
  ]);
  expect(demultiplex(raw).toString()).toBe('abc');
});

/** A connection whose other side reads nothing more and has ended it; a write fails before the connection is destroyed. */
const ended = (): Duplex =>
  new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' }));
    },
    autoDestroy: false,
    emitClose: false,
  }).on('error', () => undefined);

test('drops input that a program which has ended no longer reads', async () => {
  const stream = new FrameStream(ended());
  await new Promise<void>((done, fail) => stream.write('input', (error) => (error ? fail(error) : done())));
  expect(stream.stdinClosed).toBe(true);
});

test('fails a write to a socket that the other side has ended', async () => {
  const stream = new FrameStream(ended()).asSocket();
  stream.on('error', () => undefined);
  await expect(
    new Promise<void>((done, fail) => stream.write('input', (error) => (error ? fail(error) : done()))),
  ).rejects.toThrow('ended by the other party');
});
