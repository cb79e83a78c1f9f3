// The tunnel to an engine behind ssh, with a real ssh server on loopback. What answers at its other end is a socket, not an engine:
// test/jobs/engines.test.ts runs drills through it.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect, unreachableReason } from '../../src/lab/engine/connect.ts';
import { openEndpoint } from '../../src/lab/engine/endpoint.ts';
import { SshServer } from '../support/ssh-server.ts';

const possible = process.platform === 'linux' && process.getuid?.() === 0;

let home: string;
let engine: Server;
let server: SshServer;
beforeAll(async () => {
  if (!possible) return;
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  engine = createServer((_, response) => response.end('OK'));
  await new Promise<void>((done) => engine.listen(join(home, 'docker.sock'), done));
  server = await SshServer.start();
  vi.stubEnv('PATH', `${server.bin}:${process.env['PATH']}`);
}, 120_000);
afterAll(async () => {
  if (!possible) return;
  engine.closeAllConnections();
  engine.close();
  await server[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const addressOf = (socket: string): string => `ssh://root@127.0.0.1:${server.port}${join(home, socket)}`;
const tunnels = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('swarm-drill-ssh-'));

test.runIf(possible)(
  'reaches an engine through ssh, many streams at a time, and leaves nothing',
  async () => {
    const before = await tunnels();
    const endpoint = await openEndpoint(addressOf('docker.sock'));
    // More than the ten sessions that a server allows for a connection.
    const reasons = await Promise.all(
      Array.from({ length: 30 }, () => unreachableReason(connect(endpoint.host))),
    );
    expect(reasons.filter((reason) => reason !== undefined)).toEqual([]);
    await endpoint[Symbol.asyncDispose]();
    expect(await unreachableReason(connect(endpoint.host))).toBeDefined();
    expect(await tunnels()).toEqual(before);
  },
  60_000,
);

test.runIf(possible)(
  'says why no engine answers behind ssh',
  async () => {
    await expect(openEndpoint(addressOf('gone.sock'))).rejects.toMatchObject({ code: 'no-engine' });
  },
  60_000,
);

test.runIf(possible)(
  'refuses a host whose key is not known',
  async () => {
    const address = addressOf('docker.sock').replace('127.0.0.1', 'localhost');
    await expect(openEndpoint(address)).rejects.toMatchObject({
      code: 'no-engine',
      message: expect.stringContaining('Host key verification failed') as string,
    });
  },
  60_000,
);

test.runIf(possible)(
  'an engine is unreachable when its ssh connection ends',
  async () => {
    await using endpoint = await openEndpoint(addressOf('docker.sock'));
    expect(await unreachableReason(connect(endpoint.host))).toBeUndefined();
    await server[Symbol.asyncDispose]();
    for (let tries = 0; tries < 100 && !(await unreachableReason(connect(endpoint.host))); tries++)
      await sleep(50);
    expect(await unreachableReason(connect(endpoint.host))).toBeDefined();
  },
  60_000,
);
