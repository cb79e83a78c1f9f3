// Who is asked and says nothing, an engine or another manager, is given up on in time, and the reason says so.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, unreachableReason } from '../../lab/engine/connect.ts';
import { seconds } from '../../support/clock.ts';
import { openHostManager } from './host.ts';
import { probePeers, parsePeers } from './peers.ts';

/** It waits for greetings that never come. */
const SLOW = 60_000;

let home: string;
let server: Server;
let callers: Socket[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-ask-'));
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

test('an engine that accepts a connection and says nothing: an error that names the question, and no connection stays', async () => {
  const engine = connect(await silentEngine());
  const asked = engine.withLimit(seconds(0.2)).info();
  await expect(asked).rejects.toMatchObject({
    code: 'no-answer',
    blame: 'harness',
    message: 'the engine has not answered GET /info within 200 ms',
    hint: expect.stringContaining('log'),
  });
  // A busy machine takes the connection up only later.
  if (callers.length === 0) await once(server, 'connection');
  const [caller] = callers as [Socket];
  if (!caller.closed) await once(caller, 'close');
  expect(callers).toHaveLength(1);
});

test('the same engine does not answer at all, and one that is not there says why', async () => {
  expect(await unreachableReason(connect(await silentEngine()))).toContain(
    'has not answered GET /_ping within 3.0 s',
  );
  expect(await unreachableReason(connect(`unix://${home}/gone.sock`))).toContain('ENOENT');
});

test(
  'other managers: who greets nobody, and who is not there, does not live; each with its reason',
  async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const open = (server.address() as AddressInfo).port;
    const manager = await openHostManager({ engine: `unix://${home}/gone.sock`, dataRoot: home });
    const peers = [
      { id: 'mute', address: `127.0.0.1:${open}` },
      { id: 'gone', address: '[::ffff:127.0.0.1]:1' },
    ];
    expect(await probePeers(manager, peers, 'cluster')).toEqual([
      { ...peers[0], lives: false, reason: 'no greeting within 5 s' },
      { ...peers[1], lives: false, reason: expect.stringContaining('ECONNREFUSED') },
    ]);
  },
  SLOW,
);

test('state.json as an engine writes it, and what is none', () => {
  expect(
    parsePeers('[{"node_id":"one","addr":"10.0.0.1:2377"},{"node_id":"two","addr":"[fd00::2]:2377"}]'),
  ).toEqual([
    { id: 'one', address: '10.0.0.1:2377' },
    { id: 'two', address: '[fd00::2]:2377' },
  ]);
  for (const none of [undefined, '', 'null', '{}', '[{"addr":1}]', '[{"node_id"'])
    expect(parsePeers(none)).toEqual([]);
});
