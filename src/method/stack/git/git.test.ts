import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { monotonic, seconds } from '../../../support/clock.ts';
import { describe as described } from '../../../support/errors.ts';
import { waitUntil } from '../../../support/poll.ts';
import { traced } from '../../../support/trace.ts';
import { runGit, tryGit, createTemporaryDirectory, redactPasswords } from './git.ts';

const nothing = (): void => undefined;
const SILENT = { stepStarted: nothing, stepEnded: nothing, waiting: nothing };

test('a remote that takes the call and says nothing ends as a finding, in time', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  await expect(
    runGit(tmpdir(), ['ls-remote', `git://127.0.0.1:${port}/shop.git`], { limit: seconds(0.5) }),
  ).rejects.toMatchObject({
    blame: 'finding',
    message: expect.stringMatching(/git ls-remote failed: .*timed out/i),
  });
  silent.close();
});

test('told to stop, it does not wait for an ssh that holds on to a remote that says nothing', async () => {
  const stop = new AbortController();
  const reason = new Error('somebody pressed Ctrl-C');
  await using place = await createTemporaryDirectory();
  const ssh = join(place.path, 'ssh');
  await writeFile(ssh, '#!/bin/sh\n: >"$0.began"\nexec sleep 30\n', { mode: 0o755 });
  const asking = traced(SILENT, stop.signal, () =>
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

test('the reason is the last line of git, the subcommand is named past its settings, and passwords are left out', async () => {
  const words = await runGit(
    tmpdir(),
    ['-c', 'core.x=y', 'fetch', 'https://me:geheim@127.0.0.1:9/shop.git'],
    {
      code: 'no-remote',
    },
  ).catch(described);
  expect(words).toMatch(/^git fetch failed: /);
  expect(words).not.toContain('geheim');
  expect(redactPasswords('ssh://git@host/a https://me:p%40ss@host/b')).toBe(
    'ssh://git@host/a https://me@host/b',
  );
});

test('a no of git is an answer', async () => {
  expect(await tryGit(tmpdir(), ['rev-parse', '--verify', 'nothing'])).toBeUndefined();
});
