import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { HttpServer, type Received, type Reply } from '../../support/http-server.ts';
import { brokenNight, deliverTo, messageOf, notRecovered, recovered } from '../../support/notify.ts';

const TOKEN = 'token-of-the-job-123456';

interface Stored {
  readonly id: number;
  body: string;
  readonly author: string;
}

/** A server that stores comments as GitHub and GitLab do, for one request. */
class Comments {
  readonly stored: Stored[] = [];
  me: string | null = 'drills';

  reply(request: Received): Reply {
    const isGitlab = request.path.startsWith('/projects/');
    const authorized = isGitlab ? request.headers['private-token'] : request.headers.authorization;
    if (!authorized?.includes(TOKEN) && request.path !== '/user') return { status: 401, body: 'no token' };
    if (request.path === '/user')
      return this.me === null
        ? { status: 403, body: 'no user' }
        : { status: 200, body: { login: this.me, username: this.me } };
    if (request.method === 'GET') {
      const page = Number(new URL(request.path, 'http://x').searchParams.get('page'));
      const found = this.stored.slice((page - 1) * 100, page * 100);
      return { status: 200, body: found.map((comment) => this.show(comment)) };
    }
    const { body } = JSON.parse(request.body) as { body: string };
    if (request.method === 'POST') {
      this.stored.push({ id: 1000 + this.stored.length, body, author: this.me ?? 'github-actions[bot]' });
      return { status: 201, body: {} };
    }
    const comment = this.stored.find(({ id }) => request.path.endsWith(`/${id}`));
    if (!comment) return { status: 404, body: 'no comment' };
    comment.body = body;
    return { status: 200, body: {} };
  }

  show({ id, body, author }: Stored): object {
    return {
      id,
      body,
      user: { login: author, type: author.endsWith('[bot]') ? 'Bot' : 'User' },
      author: { username: author },
    };
  }
}

let comments: Comments;
beforeEach(() => {
  comments = new Comments();
  vi.stubEnv('GITHUB_REPOSITORY', 'shop/infra');
  vi.stubEnv('GITHUB_REF', 'refs/pull/12/merge');
  vi.stubEnv('CI_PROJECT_ID', '77');
  vi.stubEnv('CI_MERGE_REQUEST_IID', '12');
  vi.stubEnv('GITHUB_TOKEN', TOKEN);
  vi.stubEnv('GITLAB_TOKEN', TOKEN);
});

const PATHS = {
  'github-comment': '/repos/shop/infra/issues/12/comments',
  'gitlab-comment': '/projects/77/merge_requests/12/notes',
} as const;

describe.each(['github-comment', 'gitlab-comment'] as const)('%s', (kind) => {
  const start = () => HttpServer.start((request) => comments.reply(request));

  test('adds a comment, and the next run updates it', async () => {
    await using server = await start();
    const target = { kind, api: server.url };
    expect(await deliverTo(target, brokenNight())).toMatchObject({ result: 'delivered', reason: null });
    expect(await deliverTo(target, messageOf([recovered('total-loss')]))).toMatchObject({
      result: 'delivered',
    });
    expect(server.received.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
      PATHS[kind],
    ]);
    expect(comments.stored).toHaveLength(1);
    expect(comments.stored[0]?.body).toMatch(
      new RegExp(`^<!-- swarm-drill: ${kind} -->\n### Shop: total-loss recovered\n`),
    );
  });

  test('finds its comment behind a hundred others, and leaves one of another author with the same marker', async () => {
    await using server = await start();
    const forged = { id: 1, body: `<!-- swarm-drill: ${kind} -->\nall recovered`, author: 'mallory' };
    comments.stored.push(
      forged,
      ...Array.from({ length: 120 }, (_, id) => ({ id: id + 10, body: 'looks good', author: 'alice' })),
      { id: 500, body: `<!-- swarm-drill: ${kind} -->\nold`, author: 'drills' },
    );
    await deliverTo({ kind, api: server.url }, brokenNight());
    expect(forged.body).toContain('all recovered');
    expect(comments.stored).toHaveLength(122);
    expect(comments.stored.at(-1)?.body).toContain('1 of 2 drills not recovered');
  });

  test('is skipped outside of a pull or merge request', async () => {
    vi.stubEnv('GITHUB_REF', 'refs/heads/main');
    vi.stubEnv('CI_MERGE_REQUEST_IID', '');
    expect(await deliverTo({ kind }, brokenNight())).toMatchObject({
      result: 'skipped',
      reason: expect.stringMatching(/^this run is not for a (pull|merge) request of Git(Hub|Lab)$/) as string,
    });
  });

  test('fails with what the server says, without the token', async () => {
    await using server = await HttpServer.start(() => ({ status: 401, body: `bad token ${TOKEN}` }));
    const delivery = await deliverTo({ kind, api: server.url }, brokenNight());
    expect(delivery).toMatchObject({
      result: 'failed',
      reason: 'the server answered 401: bad token [secret]',
    });
  });
});

test('the token of a job of GitHub, which has no user, updates only comments of programs', async () => {
  comments.me = null;
  await using server = await HttpServer.start((request) => comments.reply(request));
  comments.stored.push({ id: 1, body: '<!-- swarm-drill: github-comment -->\nfake', author: 'mallory' });
  const target = { kind: 'github-comment', api: server.url };
  await deliverTo(target, brokenNight());
  await deliverTo(target, brokenNight());
  expect(comments.stored.map(({ author }) => author)).toEqual(['mallory', 'github-actions[bot]']);
  expect(comments.stored[0]?.body).toContain('fake');
});

describe('the step summary of GitHub', () => {
  test('is appended to the file that the runner names, with text of drills escaped', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
    vi.stubEnv('GITHUB_STEP_SUMMARY', join(directory, 'summary.md'));
    const report = { ...notRecovered('total-loss'), reason: 'a | b <img src=x> @alice `c`\n# d' };
    await deliverTo({ kind: 'github-summary' }, messageOf([report], { 'total-loss': 'recovered' }));
    await deliverTo({ kind: 'github-summary' }, messageOf([recovered('total-loss')]));
    const text = await readFile(join(directory, 'summary.md'), 'utf8');
    await rm(directory, { recursive: true });
    expect(text.match(/^### /gm)).toHaveLength(2);
    expect(text).toContain('| total-loss | **not-recovered** | was recovered |');
    expect(text).toContain('a &#124; b &#60;img src=x&#62; @&#8203;alice &#96;c&#96; # d |');
  });

  test('is skipped elsewhere', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', '');
    expect(await deliverTo({ kind: 'github-summary' }, brokenNight())).toMatchObject({ result: 'skipped' });
  });
});
