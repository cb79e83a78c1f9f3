// start.mjs in a small project of its own, with a stand-in for npm: what it installs, when, and how it hands over.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../support/program.ts';

/** Notes each call, takes its time, and installs a Node.js and one program. */
const NPM = `
import { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
const parent = process.ppid;
appendFileSync(process.env.NPM_LOG, process.argv.slice(2).join(' ') + '\\n');
if (process.env.NPM_FAILS) { console.error('npm error code ENOTFOUND\\nnpm error no such host'); process.exit(1); }
mkdirSync('node_modules/.bin', { recursive: true });
await new Promise((done) => setTimeout(done, Number(process.env.NPM_TAKES ?? 0)));
// Left behind by a killed start, with its directory gone, Node.js would spin while it reports the error.
if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
const brought = 'node_modules/node-' + process.platform + '-' + process.arch + '/bin';
mkdirSync(brought, { recursive: true });
symlinkSync(process.execPath, brought + '/node');
writeFileSync('node_modules/.bin/hello', '#!/bin/sh\\necho "hello $*"; exit 7\\n', { mode: 0o755 });
`;
const MAIN = `
const words: string[] = process.argv.slice(2);
if (words[0] === 'wait') {
  process.on('SIGTERM', () => process.exit(5));
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  console.log('ready');
  setInterval(() => {}, 1000);
} else {
  console.log(JSON.stringify(words));
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

test('the first start installs and says so; the next one is quiet; both hand over arguments and exit code', async () => {
  const first = await start(['run', 'a b', '--keep']);
  expect(first).toMatchObject({ exitCode: 3, stdout: '["run","a b","--keep"]' });
  expect(first.stderr).toContain('installing the dependencies');
  expect(await start(['list'])).toMatchObject({ exitCode: 3, stdout: '["list"]', stderr: '' });
  expect(await installs()).toBe(1);
});

test('another lock file means another install', async () => {
  await start(['list']);
  await writeFile(join(project, 'package-lock.json'), '{"changed":true}');
  await start(['list']);
  expect(await installs()).toBe(2);
});

test('two starts at once install once; the one that waits says why', async () => {
  const both = await Promise.all([0, 1].map(() => start(['list'], { NPM_TAKES: '700' })));
  expect(both.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
  expect(await installs()).toBe(1);
  expect(both.map(({ stderr }) => stderr).join()).toContain(
    'another start is installing the dependencies; waiting',
  );
});

test('a start killed half-way leaves nothing that looks installed, and the next one installs again', async () => {
  const killed = start(['list'], { NPM_TAKES: '2000' });
  while ((await installs()) === 0) await sleep(20);
  killed.kill('SIGKILL');
  await killed;
  expect(existsSync(join(project, 'node_modules'))).toBe(false);
  expect(await start(['list'])).toMatchObject({ exitCode: 3, stdout: '["list"]' });
  expect(await installs()).toBe(2);
  expect((await readdir(project)).filter((name) => name.startsWith('.install-'))).toEqual([]);
});

test('npm that fails: exit 2 with what was tried, its last lines and what to do; what was installed before stays', async () => {
  await start(['list']);
  await writeFile(join(project, 'package-lock.json'), '{"changed":true}');
  const { exitCode, stdout, stderr } = await start(['list'], { NPM_FAILS: '1' });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('npm failed (exit code 1)');
  expect(stderr).toContain('command: npm ci');
  expect(stderr).toContain('npm error no such host');
  expect(stderr).toContain('what to do: ');
  expect(existsSync(join(project, 'node_modules/.bin/hello'))).toBe(true);
});

test('exec runs a program of node_modules/.bin and passes its exit code on', async () => {
  expect(await start(['exec', 'hello', 'you'])).toMatchObject({ exitCode: 7, stdout: 'hello you' });
});

test('exec of a program that is not there: exit 64', async () => {
  const { exitCode, stderr } = await start(['exec', 'nope']);
  expect(exitCode).toBe(64);
  expect(stderr).toContain('expected a program of node_modules/.bin, got "nope"');
});

test('a signal is passed on, and the answer is the one of the program', async () => {
  const waiting = start(['wait']);
  await once(waiting.stdout, 'data');
  waiting.kill('SIGTERM');
  expect(await waiting).toMatchObject({ exitCode: 5 });
});

test('when start.mjs is killed the program does not live on', async () => {
  const waiting = start(['wait']);
  await once(waiting.stdout, 'data');
  waiting.kill('SIGKILL');
  // Answers only when nobody holds its standard output any more, and the program inherited that.
  expect(await waiting).toMatchObject({ signal: 'SIGKILL' });
});
