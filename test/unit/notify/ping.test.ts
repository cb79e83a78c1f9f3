import { expect, test, vi } from 'vitest';
import { failedMessage, startMessage, testMessage } from '../../../src/notify/message.ts';
import { HttpServer } from '../../support/http-server.ts';
import { brokenNight, deliverTo, FACTS, inconclusive, messageOf, recovered } from '../../support/notify.ts';

test.each([
  ['/ping/uuid/start', startMessage(FACTS, 3), 'Shop: 3 drills started'],
  ['/ping/uuid', messageOf([recovered('a')], { a: 'recovered' }), 'Shop: a recovered'],
  ['/ping/uuid/fail', brokenNight(), 'Shop: 1 of 2 drills not recovered (total-loss)'],
  ['/ping/uuid/fail', messageOf([inconclusive('a')]), 'Shop: 1 of 1 drill inconclusive (a)'],
  ['/ping/uuid/fail', failedMessage(FACTS, 'no Docker engine', 2), 'Shop: no drill ran'],
  ['/ping/uuid/log', testMessage(FACTS), 'Shop: test message: notifications arrive here'],
])('pings %s', async (path, message, title) => {
  await using server = await HttpServer.start();
  vi.stubEnv('PING', `${server.url}/ping/uuid/`);
  expect(await deliverTo({ kind: 'ping', 'url-env': 'PING' }, message)).toMatchObject({
    result: 'delivered',
  });
  expect(server.only).toMatchObject({ method: 'POST', path });
  expect(server.only.body.split('\n')[0]).toBe(title);
});

test('no other kind of target is informed of a start', async () => {
  await using server = await HttpServer.start();
  vi.stubEnv('HOOK', server.url);
  const target = { kind: 'webhook', 'url-env': 'HOOK', when: 'always' };
  expect(await deliverTo(target, startMessage(FACTS, 3))).toBeUndefined();
  expect(server.received).toHaveLength(0);
});
