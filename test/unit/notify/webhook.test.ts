import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Message } from '../../../src/notify/message.ts';
import { seconds } from '../../../src/support/clock.ts';
import { HttpServer } from '../../support/http-server.ts';
import {
  brokenNight,
  deliverTo,
  FAST,
  LINK,
  messageOf,
  notRecovered,
  recovered,
  RUN,
} from '../../support/notify.ts';

const PATH = '/services/T0SECRET/B0SECRET/xoxSECRETxox';
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

const bodyOf = (server: HttpServer): Record<string, unknown> =>
  JSON.parse(server.only.body) as Record<string, unknown>;

test('posts the message as JSON with a token, and takes URL and token from files', async () => {
  await using server = await HttpServer.start();
  await writeFile(join(directory, 'hook'), `${server.url}${PATH}\n`);
  await writeFile(join(directory, 'token'), 'tok-123456\n');
  const target = { kind: 'webhook', 'url-file': 'hook', 'token-file': 'token' };
  const message = brokenNight();
  expect(await deliverTo(target, message, directory)).toMatchObject({ result: 'delivered', reason: null });
  expect(server.only).toMatchObject({ method: 'POST', path: PATH });
  expect(server.only.headers).toMatchObject({
    'content-type': 'application/json',
    authorization: 'Bearer tok-123456',
  });
  expect(Message.parse(bodyOf(server))).toEqual(message);
  expect(bodyOf(server)).toMatchObject({
    event: 'end',
    run: RUN,
    verdict: 'not-recovered',
    exitCode: 1,
    changed: true,
    title: 'Shop: 1 of 2 drills not recovered (total-loss)',
    link: LINK,
    drills: [
      { name: 'total-loss', verdict: 'not-recovered', previous: 'recovered' },
      { name: 'single-manager', verdict: 'recovered', previous: 'recovered' },
    ],
  });
});

describe('the messages of chats', () => {
  beforeEach(() => vi.stubEnv('HOOK', ''));

  async function sent(kind: string, path = PATH, message = brokenNight()) {
    const server = await HttpServer.start();
    await using _ = server;
    vi.stubEnv('HOOK', `${server.url}${path}`);
    expect(await deliverTo({ kind, 'url-env': 'HOOK' }, message)).toMatchObject({ result: 'delivered' });
    return { path: server.only.path, body: bodyOf(server), text: server.only.body };
  }

  test('sends blocks to Slack, with its special characters escaped', async () => {
    const report = { ...notRecovered('total-loss'), reason: 'rows differ: <!channel> & more' };
    const { body } = await sent('slack', PATH, messageOf([report]));
    expect(body).toMatchObject({
      text: 'Shop: 1 of 1 drill not recovered (total-loss)',
      blocks: [
        {
          type: 'header',
          text: { type: 'plain_text', text: ':x: Shop: 1 of 1 drill not recovered (total-loss)' },
        },
        { type: 'section', text: { type: 'mrkdwn' } },
      ],
    });
    expect(JSON.stringify(body)).toContain('rows differ: &lt;!channel&gt; &amp; more');
    expect(JSON.stringify(body)).toContain(LINK);
  });

  test('stays within the limits of Slack, Teams and ntfy for fifty drills with long reasons', async () => {
    const reports = Array.from({ length: 50 }, (_, index) => ({
      ...notRecovered(`drill-with-a-long-name-${index}`),
      reason: 'größer '.repeat(200),
    }));
    const message = messageOf(reports);
    const slack = (await sent('slack', PATH, message)).body as { blocks: { text: { text: string } }[] };
    expect(slack.blocks.map(({ text }) => text.text.length)).toEqual([expect.any(Number), 3000]);
    expect(slack.blocks[0]?.text.text.length).toBeLessThanOrEqual(150);
    expect(Buffer.byteLength((await sent('teams', PATH, message)).text)).toBeLessThanOrEqual(28_000);
    const ntfy = (await sent('ntfy', '/drills', message)).body as { message: string };
    expect(Buffer.byteLength(ntfy.message)).toBeLessThanOrEqual(4096);
    expect(ntfy.message).not.toContain('\uFFFD');
  });

  test('sends an adaptive card to Teams', async () => {
    const { body } = await sent('teams');
    expect(body).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            actions: [{ type: 'Action.OpenUrl', url: LINK }],
            body: [
              { type: 'TextBlock', color: 'Attention' },
              { type: 'TextBlock' },
              { type: 'TextBlock' },
              {},
            ],
          },
        },
      ],
    });
  });

  test('publishes to a topic of ntfy as JSON', async () => {
    const { path, body } = await sent('ntfy', '/swarm-drills');
    expect(path).toBe('/');
    expect(body).toMatchObject({ topic: 'swarm-drills', priority: 5, tags: ['x'], click: LINK });
    expect(body['message']).toContain('not-recovered: total-loss (was recovered): ');
  });
});

describe('when a target wants a message', () => {
  const wants = async (
    when: string | undefined,
    verdict: 'good' | 'bad',
    previous: 'good' | 'bad' | 'none',
  ) => {
    await using server = await HttpServer.start();
    vi.stubEnv('HOOK', server.url);
    const words = { good: 'recovered', bad: 'not-recovered' } as const;
    const message = messageOf(
      [verdict === 'good' ? recovered('one') : notRecovered('one')],
      previous === 'none' ? {} : { one: words[previous] },
    );
    await deliverTo({ kind: 'webhook', 'url-env': 'HOOK', ...(when && { when }) }, message);
    return server.received.length === 1;
  };

  test.each([
    ['always', 'good', 'good', true],
    ['change', 'good', 'good', false],
    ['change', 'good', 'bad', true],
    ['change', 'good', 'none', true],
    ['change', 'bad', 'good', true],
    ['change', 'bad', 'bad', false],
    ['problem', 'bad', 'bad', true],
    ['problem', 'good', 'good', false],
    ['problem', 'good', 'bad', true],
    [undefined, 'bad', 'bad', true],
  ] as const)('when: %s, verdict %s after %s: %s', async (when, verdict, previous, wanted) => {
    expect(await wants(when, verdict, previous)).toBe(wanted);
  });
});

describe('a webhook that fails', () => {
  const failWith = async (server: HttpServer, path = PATH) => {
    vi.stubEnv('HOOK', `${server.url}${path}?key=SECRETSECRET`);
    const delivery = await deliverTo({ kind: 'slack', 'url-env': 'HOOK' }, brokenNight());
    const text = JSON.stringify(delivery);
    for (const secret of ['SECRET', '127.0.0.1', server.url]) expect(text).not.toContain(secret);
    return delivery;
  };

  test('is tried three times, and succeeds when the server recovers', async () => {
    await using server = await HttpServer.start((_, count) => ({ status: count < 3 ? 503 : 200 }));
    expect(await failWith(server)).toMatchObject({ result: 'delivered' });
    expect(server.received).toHaveLength(3);
  });

  test('is given up after three attempts, with what the server said but no part of the URL', async () => {
    await using server = await HttpServer.start(({ path }) => ({ status: 500, body: `cannot POST ${path}` }));
    const delivery = await failWith(server);
    expect(delivery).toMatchObject({ result: 'failed' });
    expect(delivery?.reason).toBe('attempt 3: the server answered 500: cannot POST [secret]');
    expect(server.received).toHaveLength(3);
  });

  test('is not repeated when the server refuses it', async () => {
    await using server = await HttpServer.start(() => ({ status: 403, body: 'invalid_token' }));
    expect(await failWith(server)).toMatchObject({
      result: 'failed',
      reason: 'the server answered 403: invalid_token',
    });
    expect(server.received).toHaveLength(1);
  });

  test('does not follow a redirect, which would carry the secret to another server', async () => {
    await using other = await HttpServer.start();
    await using server = await HttpServer.start(() => ({ status: 307, location: other.url }));
    expect((await failWith(server))?.reason).toBe(
      'the server answered 307: a redirect, which is not followed',
    );
    expect(other.received).toHaveLength(0);
  });

  test('ends after its time limit if the server never answers', async () => {
    await using server = await HttpServer.start(() => 'never');
    const delivery = await failWith(server);
    expect(delivery?.reason).toBe('attempt 3: no answer within 300 ms');
    expect(delivery?.seconds).toBeLessThan(3);
  });

  test('is given up after the time that one target may take, even where nothing else ends it', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const policy = { ...FAST, total: seconds(0.2) };
    const sending = deliverTo({ kind: 'slack', 'url-file': fifo }, brokenNight(), directory, policy);
    expect(await sending).toMatchObject({ result: 'failed', reason: 'not finished after 200 ms' });
    // Ends the reading, which would keep the process alive.
    await writeFile(fifo, '');
  });

  test('says why there is no connection, without the address', async () => {
    const server = await HttpServer.start();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    vi.stubEnv('HOOK', url);
    const delivery = await deliverTo({ kind: 'ntfy', 'url-env': 'HOOK' }, brokenNight());
    expect(delivery?.reason).toBe('attempt 3: no connection (ECONNREFUSED)');
  });

  test.each([
    [{ 'url-env': 'NOT_SET' }, 'the environment variable NOT_SET is not set'],
    [{ 'url-file': 'missing' }, "missing: can't be read (ENOENT)"],
    [{ 'url-file': 'empty' }, 'empty: expected a secret, got an empty file'],
    [{ 'url-file': 'wrong' }, 'wrong: expected a URL of http or https'],
  ])('says what is wrong with %j', async (target, reason) => {
    await writeFile(join(directory, 'empty'), '\n');
    await writeFile(join(directory, 'wrong'), 'file:///etc/SECRET');
    const delivery = await deliverTo({ kind: 'slack', ...target }, brokenNight(), directory);
    expect(delivery).toMatchObject({ result: 'failed', reason });
    expect(delivery?.hint).toContain('try it with `swarm-drill notify test`');
  });
});
