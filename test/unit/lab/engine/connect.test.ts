// Requests to an engine that does not answer, or is not there.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seconds } from '../../../../src/support/clock.ts';
import { connect, unreachableReason } from '../../../../src/lab/engine/connect.ts';

let home: string;
let server: Server;
let callers: Socket[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-request-'));
  callers = [];
  server = createServer((socket) => {
    callers.push(socket.on('error', () => undefined).resume());
  });
});
afterEach(async () => {
  for (const socket of callers) socket.destroy();
  server.close();
  await rm(home, { recursive: true });
});

async function silentEngine(): Promise<string> {
  const path = join(home, 'engine.sock');
  server.listen(path);
  await once(server, 'listening');
  return `unix://${path}`;
}

test('names the request that an engine does not answer, and closes the connection', async () => {
  const answer = connect(await silentEngine())
    .withLimit(seconds(0.2))
    .info();
  await expect(answer).rejects.toMatchObject({
    code: 'no-answer',
    blame: 'harness',
    message: 'the engine has not answered GET /info within 200 ms',
    hint: expect.stringContaining('log'),
  });
  // A busy machine accepts the connection only later.
  if (callers.length === 0) await once(server, 'connection');
  const [caller] = callers as [Socket];
  if (!caller.closed) await once(caller, 'close');
  expect(callers).toHaveLength(1);
});

test('says that an engine does not answer a ping', async () => {
  expect(await unreachableReason(connect(await silentEngine()), seconds(0.2))).toContain(
    'has not answered GET /_ping within 200 ms',
  );
});

test('says why an engine that is not there is unreachable', async () => {
  expect(await unreachableReason(connect(`unix://${home}/gone.sock`))).toContain('ENOENT');
});

test.each(['foo', '', 'unix://', 'unix:///', 'tcp://', 'tcp://host:port', 'ftp://host', 'ssh://root@host'])(
  'refuses the address "%s", and says what it expects',
  (address) => {
    expect(() => connect(address)).toThrow(
      expect.objectContaining({
        blame: 'usage',
        message: `expected an engine at unix://, npipe:// or tcp://, got "${address}"`,
        hint: expect.stringContaining('unix:///var/run/docker.sock') as string,
      }),
    );
  },
);

test.each(['unix:///run/docker.sock', 'tcp://192.0.2.1:2376', 'npipe:////./pipe/docker_engine'])(
  'accepts the address %s',
  (address) => {
    expect(connect(address)).toHaveProperty('ping');
  },
);
