import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { monotonic, seconds } from '../../../../../src/support/clock.ts';
import { describeError as described } from '../../../../../src/support/errors.ts';
import { waitUntil } from '../../../../../src/support/poll.ts';
import { withTrace } from '../../../../../src/support/trace.ts';
import {
  runGit,
  tryGit,
  createTemporaryDirectory,
  redactPasswords,
} from '../../../../../src/method/stack/git/git.ts';

const nothing = (): void => undefined;
const SILENT = { stepStarted: nothing, stepEnded: nothing, waiting: nothing };

test('ends with a finding when a remote accepts the connection and stays silent', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  await expect(
    runGit(tmpdir(), ['ls-remote', `git://127.0.0.1:${port}/shop.git`], { limit: seconds(0.5) }),
  ).rejects.toMatchObject({
    blame: 'finding',
    message: expect.stringMatching(/^git ls-remote: .*timed out/i),
  });
  silent.close();
});

test('does not wait for an ssh with a silent remote when it is cancelled', async () => {
  const stop = new AbortController();
  const reason = new Error('Ctrl-C');
  await using directory = await createTemporaryDirectory();
  const ssh = join(directory.path, 'ssh');
  await writeFile(ssh, '#!/bin/sh\n: >"$0.began"\nexec sleep 30\n', { mode: 0o755 });
  const asking = withTrace(SILENT, stop.signal, () =>
    runGit(tmpdir(), ['ls-remote', 'ssh://vault/shop.git'], {
      environment: { GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'simple' },
    }),
  );
  const began = monotonic();
  const stopped = expect(asking).rejects.toBe(reason);
  await waitUntil('ssh to begin', async () => {
    await access(`${ssh}.began`);
    return { done: true };
  });
  stop.abort(reason);
  await stopped;
  expect(monotonic() - began).toBeLessThan(15);
});

test('names the subcommand and the last line of git, and redacts passwords', async () => {
  const message = await runGit(
    tmpdir(),
    ['-c', 'core.x=y', 'fetch', 'https://me:geheim@127.0.0.1:9/shop.git'],
    {
      code: 'no-remote',
    },
  ).catch(described);
  expect(message).toMatch(/^git fetch: /);
  expect(message).not.toContain('geheim');
  expect(redactPasswords('ssh://git@host/a https://me:p%40ss@host/b')).toBe(
    'ssh://git@host/a https://me@host/b',
  );
});

test('returns undefined when git exits with an error', async () => {
  expect(await tryGit(tmpdir(), ['rev-parse', '--verify', 'nothing'])).toBeUndefined();
});
