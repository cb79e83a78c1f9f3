// Input of a process that has ended, or ends while its input is closed.
import { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { sendInput, type ContainerProcess } from '../../../../src/lab/engine/process.ts';

/** A process that ends as soon as it has read its first input, while the engine is still closing its standard input. */
function endsAfterFirstInput(): ContainerProcess {
  const io = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      io.push(null);
      done();
    },
    final: (done) => void setTimeout(done, 50),
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
