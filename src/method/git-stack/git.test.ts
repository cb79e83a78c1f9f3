import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { seconds } from '../../support/clock.ts';
import { describe as described } from '../../support/errors.ts';
import { git, gitAnswer, withoutPassword } from './git.ts';

test('a remote that takes the call and says nothing ends as a finding, in time', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  await expect(
    git(tmpdir(), ['ls-remote', `git://127.0.0.1:${port}/shop.git`], { limit: seconds(0.5) }),
  ).rejects.toMatchObject({
    blame: 'finding',
    message: expect.stringMatching(/git ls-remote failed: .*timed out/i),
  });
  silent.close();
});

test('the reason is the last line of git, the subcommand is named past its settings, and passwords are left out', async () => {
  const words = await git(tmpdir(), ['-c', 'core.x=y', 'fetch', 'https://me:geheim@127.0.0.1:9/shop.git'], {
    code: 'no-remote',
  }).catch(described);
  expect(words).toMatch(/^git fetch failed: /);
  expect(words).not.toContain('geheim');
  expect(withoutPassword('ssh://git@host/a https://me:p%40ss@host/b')).toBe(
    'ssh://git@host/a https://me@host/b',
  );
});

test('a no of git is an answer', async () => {
  expect(await gitAnswer(tmpdir(), ['rev-parse', '--verify', 'nothing'])).toBeUndefined();
});
