// Other managers: read from state.json, and probed at their port.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seconds } from '../../../src/support/clock.ts';
import { openHostManager } from '../../../src/swarm-backup/engine/host.ts';
import { parsePeers, probePeers } from '../../../src/swarm/peers.ts';

test('gives the reason for each peer that does not answer', async () => {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-peers-'));
  const callers: Socket[] = [];
  const server = createServer((socket) => {
    callers.push(socket.on('error', () => undefined).resume());
  });
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const manager = await openHostManager({ engine: `unix://${home}/gone.sock`, dataRoot: home });
    const peers = [
      { id: 'silent', address: `127.0.0.1:${port}` },
      { id: 'gone', address: '[::ffff:127.0.0.1]:1' },
    ];
    expect(await probePeers(manager, peers, 'cluster', seconds(0.2))).toEqual([
      { ...peers[0], alive: false, reason: 'no answer within 0.2 s' },
      { ...peers[1], alive: false, reason: expect.stringContaining('ECONNREFUSED') },
    ]);
  } finally {
    for (const socket of callers) socket.destroy();
    server.close();
    await rm(home, { recursive: true });
  }
});

test('reads state.json as an engine writes it', () => {
  expect(
    parsePeers('[{"node_id":"one","addr":"10.0.0.1:2377"},{"node_id":"two","addr":"[fd00::2]:2377"}]'),
  ).toEqual([
    { id: 'one', address: '10.0.0.1:2377' },
    { id: 'two', address: '[fd00::2]:2377' },
  ]);
});

test.each([undefined, '', 'null', '{}', '[{"addr":1}]', '[{"node_id"'])(
  'finds no peers in %j, which is not a state.json',
  (none) => expect(parsePeers(none)).toEqual([]),
);
