// Programs that the engine does not start: nothing ran, so they are started again; the lab is to blame if that does not help.
import type Docker from 'dockerode';
import { Duplex, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Engine } from '../../../../src/lab/engine/engine.ts';
import { startProcess } from '../../../../src/lab/engine/exec.ts';
import { execInContainer } from '../../../../src/lab/engine/process.ts';
import { failureOf } from '../../../support/method-lab.ts';

interface Run {
  readonly stdout?: string;
  readonly ExitCode: number;
  readonly Pid: number;
}

const NEVER_RAN: Run = { ExitCode: 126, Pid: 0 };
const RAN: Run = { stdout: 'done\n', ExitCode: 0, Pid: 42 };

const frame = (text: string): Buffer => {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

/** An engine whose programs end like `runs`, one after the other; and how many it was asked to start. */
function engineWith(...runs: Run[]) {
  const asked = { count: 0 };
  const exec = async () => {
    const run = runs[asked.count++] ?? NEVER_RAN;
    const connection = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    if (run.stdout !== undefined) connection.push(frame(run.stdout));
    connection.push(null);
    return { start: async () => connection, inspect: async () => ({ ...run, Running: false }) };
  };
  const docker = { getContainer: () => ({ exec }) } as unknown as Docker;
  const containers = {
    startProcess: (id: string, argv: readonly string[]) => startProcess(docker, id, argv),
  };
  return { engine: { containers } as unknown as Engine, asked };
}

const ARGV = ['sh', '-c', 'echo done'];

test('starts a program again that the engine did not start', async () => {
  const { engine, asked } = engineWith(NEVER_RAN, NEVER_RAN, RAN);
  expect(await execInContainer(engine, 'helper', ARGV, { input: 'text' })).toBe('done\n');
  expect(asked.count).toBe(3);
});

test('blames the lab when the engine never starts it', async () => {
  const { engine, asked } = engineWith();
  expect(await failureOf(execInContainer(engine, 'helper', ARGV))).toMatchObject({
    code: 'exec-not-started',
    blame: 'lab',
    node: 'helper',
    message: 'sh: the engine did not start it (exit code 126, no process)',
  });
  expect(asked.count).toBe(3);
});

test('does not send a stream twice', async () => {
  const { engine, asked } = engineWith(NEVER_RAN, RAN);
  const input = Readable.from([Buffer.from('once')]);
  expect(await failureOf(execInContainer(engine, 'helper', ARGV, { input }))).toMatchObject({ blame: 'lab' });
  expect(asked.count).toBe(1);
});

test.for<[string, Run, string]>([
  ['that ran and exited with 126', { ExitCode: 126, Pid: 42 }, 'sh: exit code 126'],
  [
    'that is not there',
    { ExitCode: 126, Pid: 0, stdout: 'OCI runtime exec failed: "sh": permission denied' },
    'sh: OCI runtime exec failed: "sh": permission denied',
  ],
])('starts a program only once %s', async ([, run, message]) => {
  const { engine, asked } = engineWith(run, RAN);
  expect(await failureOf(execInContainer(engine, 'helper', ARGV))).toMatchObject({
    code: 'command-failed',
    message,
  });
  expect(asked.count).toBe(1);
});
