// Input of a process that has ended, or ends while its input is closed.
import { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';
import { sendInput, type ContainerProcess } from '../../../../src/lab/engine/process.ts';

/**
 * A process that ends as soon as it has read its first input, while the engine is still closing its standard input.
 * @param closing how long that takes, in milliseconds
 */
function endsAfterFirstInput(closing = 50): ContainerProcess {
  const io = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      io.push(null);
      done();
    },
    final: (done) => void setTimeout(done, closing),
  });
  return {
    io,
    asSocket: () => io,
    stderr: () => '',
    exitCode: async () => 0,
    stdinClosed: () => false,
    abortIfEnded: async () => undefined,
  };
}

test('accepts a process that ends with the last of its input, before that is closed', async () => {
  const running = endsAfterFirstInput();
  const input = Readable.from([Buffer.from('all of it')]);
  expect(await Promise.all([text(running.io), sendInput(running, input)])).toEqual(['', undefined]);
});

test('fails with the error of the input', async () => {
  const running = endsAfterFirstInput();
  const input = new Readable({ read: () => void input.destroy(new Error('the vault is gone')) });
  const ended = Promise.all([text(running.io), sendInput(running, input)]);
  await expect(ended).rejects.toThrow('the vault is gone');
});

test('does not cut off the output of a process that has all of its input, however long its end takes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval'] });
  try {
    const abortIfEnded = vi.fn(async () => undefined);
    const running = { ...endsAfterFirstInput(5000), abortIfEnded };
    const sent = sendInput(running, Readable.from([Buffer.from('all of it')]));
    await vi.advanceTimersByTimeAsync(6000);
    await sent;
    expect(abortIfEnded).not.toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});

test('asks whether a process has ended that reads no more of its input', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval'] });
  try {
    let fail: (error: Error) => void = () => undefined;
    const io = new Duplex({ read() {}, write: (_chunk, _encoding, done) => void (fail = done) });
    const abortIfEnded = vi.fn(async () => fail(new Error('the connection was closed')));
    const running = { ...endsAfterFirstInput(), io, stdinClosed: () => true, abortIfEnded };
    const sent = sendInput(running, Readable.from([Buffer.from('never read')]));
    io.on('error', () => undefined);
    await vi.advanceTimersByTimeAsync(3000);
    await sent;
    expect(abortIfEnded).toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
