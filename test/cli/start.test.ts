// start.mjs in a small project with a stand-in for npm: what it installs, when, and how it starts the program.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../support/program.ts';

/** Logs each call, takes the requested time, and installs a Node.js and one program. */
const NPM = `
import { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
const parent = process.ppid;
appendFileSync(process.env.NPM_LOG, process.argv.slice(2).join(' ') + '\\n');
if (process.env.NPM_FAILS) { console.error('npm error code ENOTFOUND\\nnpm error no such host'); process.exit(1); }
mkdirSync('node_modules/.bin', { recursive: true });
await new Promise((done) => setTimeout(done, Number(process.env.NPM_TAKES ?? 0)));
// Orphaned by a killed start, and with its directory removed, Node.js would spin while it reports the error.
if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
const bundled = 'node_modules/node-' + process.platform + '-' + process.arch + '/bin';
mkdirSync(bundled, { recursive: true });
symlinkSync(process.execPath, bundled + '/node');
writeFileSync('node_modules/.bin/hello', '#!/bin/sh\\necho "hello $*"; exit 7\\n', { mode: 0o755 });
`;
const MAIN = `
const args: string[] = process.argv.slice(2);
if (args[0] === 'wait') {
  process.on('SIGTERM', () => process.exit(5));
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  console.log('ready');
  setInterval(() => {}, 1000);
} else {
  console.log(JSON.stringify(args));
  process.exitCode = 3;
  process.channel?.unref();
}
`;

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  for (const folder of ['src/cli', 'src/support', 'npm'])
    await mkdir(join(project, folder), { recursive: true });
  for (const file of ['src/cli/start.mjs', 'src/cli/install.mjs', 'src/support/lock.mjs'])
    await copyFile(join(ROOT, file), join(project, file));
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'package-lock.json'), '{}');
  await writeFile(join(project, 'src/cli/main.ts'), MAIN);
  await writeFile(join(project, 'npm/npm-cli.js'), NPM);
});
afterEach(() => rm(project, { recursive: true, force: true }));

const log = (): string => join(project, 'npm.log');
const installs = async (): Promise<number> =>
  existsSync(log()) ? (await readFile(log(), 'utf8')).trim().split('\n').length : 0;

const start = (words: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [join(project, 'src/cli/start.mjs'), ...words], {
    env: { ...env, npm_execpath: join(project, 'npm/npm-cli.js'), NPM_LOG: log() },
    reject: false,
  });

test('installs at the first start and prints that, then stays quiet; passes on arguments and exit code', async () => {
  const first = await start(['run', 'a b', '--keep']);
  expect(first).toMatchObject({ exitCode: 3, stdout: '["run","a b","--keep"]' });
  expect(first.stderr).toContain('installing the dependencies');
  expect(await start(['list'])).toMatchObject({ exitCode: 3, stdout: '["list"]', stderr: '' });
  expect(await installs()).toBe(1);
});

test('installs again when the lock file changes', async () => {
  await start(['list']);
  await writeFile(join(project, 'package-lock.json'), '{"changed":true}');
  await start(['list']);
  expect(await installs()).toBe(2);
});

test('installs once for two parallel starts; the one that waits prints why', async () => {
  const both = await Promise.all([0, 1].map(() => start(['list'], { NPM_TAKES: '700' })));
  expect(both.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
  expect(await installs()).toBe(1);
  expect(both.map(({ stderr }) => stderr).join()).toContain(
    'waiting for another process that is installing the dependencies',
  );
});

test('leaves no partial installation when killed, and installs at the next start', async () => {
  const killed = start(['list'], { NPM_TAKES: '2000' });
  while ((await installs()) === 0) await sleep(20);
  killed.kill('SIGKILL');
  await killed;
  expect(existsSync(join(project, 'node_modules'))).toBe(false);
  expect(await start(['list'])).toMatchObject({ exitCode: 3, stdout: '["list"]' });
  expect(await installs()).toBe(2);
  expect((await readdir(project)).filter((name) => name.startsWith('.install-'))).toEqual([]);
});

test('exits with 2 when npm fails, prints command, output and what to do, and keeps the previous installation', async () => {
  await start(['list']);
  await writeFile(join(project, 'package-lock.json'), '{"changed":true}');
  const { exitCode, stdout, stderr } = await start(['list'], { NPM_FAILS: '1' });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('npm ci: failed (exit code 1)');
  expect(stderr).toContain('command: npm ci');
  expect(stderr).toContain('npm error no such host');
  expect(stderr).toContain('what to do: ');
  expect(existsSync(join(project, 'node_modules/.bin/hello'))).toBe(true);
});

test('runs a program in node_modules/.bin with exec, and passes on its exit code', async () => {
  expect(await start(['exec', 'hello', 'you'])).toMatchObject({ exitCode: 7, stdout: 'hello you' });
});

test('exits with 64 for exec of a missing program', async () => {
  const { exitCode, stderr } = await start(['exec', 'nope']);
  expect(exitCode).toBe(64);
  expect(stderr).toContain('expected a program in node_modules/.bin, got "nope"');
});

test('passes on a signal, and exits with the exit code of the program', async () => {
  const waiting = start(['wait']);
  await once(waiting.stdout, 'data');
  waiting.kill('SIGTERM');
  expect(await waiting).toMatchObject({ exitCode: 5 });
});

test('ends the program when start.mjs is killed', async () => {
  const waiting = start(['wait']);
  await once(waiting.stdout, 'data');
  waiting.kill('SIGKILL');
  // Resolves only when standard output is closed, which the program inherited.
  expect(await waiting).toMatchObject({ signal: 'SIGKILL' });
});
