// Nights as a scheduler starts them: what the ledger, the messages and the exit code say when something goes wrong. No lab is needed:
// a night whose engine does not answer is an inconclusive night.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeyPair } from '../../src/evidence/signing/keys.ts';
import { HttpServer } from '../support/http-server.ts';
import { MAIN } from '../support/program.ts';
import { runTool } from '../support/tools.ts';

const HOOK = '/services/T0SECRETT0/B0SECRETB0/xoxbSECRETxoxb';
const PING = '/ping/5ECRE7-5ECRE7-5ECRE7';
const TOKEN = 'tokenSECRETtoken123';

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  await mkdir(join(project, 'cache'));
});
afterEach(() => rm(project, { recursive: true }));

const NO_ENGINE = 'unix:///nowhere/docker.sock';

const environment = () => ({
  NO_COLOR: '1',
  SWARM_DRILL_CACHE: join(project, 'cache'),
  DOCKER_HOST: NO_ENGINE,
  GITHUB_ACTIONS: '',
  CI: '',
});

function start(args: readonly string[], { env = {}, cwd = project } = {}) {
  return execa(process.execPath, [MAIN, 'run', 'single-manager', '--no-check', ...args], {
    cwd,
    reject: false,
    all: true,
    env: { ...environment(), ...env },
  });
}

type Entry = Readonly<Record<string, unknown>> & { readonly event: string };
async function ledger(reports = join(project, 'reports')): Promise<Entry[]> {
  const text = await readFile(join(reports, 'ledger.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await sleep(50))
    if (Date.now() > end) throw new Error('waited 60 s in vain');
}

/**
 * Returns options of a night that hangs after its start is in the ledger, until it is killed: it reads the address of a dead man's
 * switch from a pipe that no one writes to.
 */
async function hanging(): Promise<string[]> {
  const file = join(project, 'hanging.yml');
  if (!existsSync(file)) {
    execFileSync('mkfifo', [join(project, 'pipe')]);
    await writeFile(file, 'notify:\n  - { kind: ping, url-file: pipe }\n');
  }
  return ['--notify', file];
}

describe('messages', () => {
  const configure = (server: HttpServer) =>
    Promise.all([
      writeFile(
        join(project, 'evidence.yml'),
        [
          'system: Shop',
          'notify:',
          '  - { kind: slack, url-env: SLACK_WEBHOOK }',
          '  - { kind: webhook, url-file: hook.url, token-file: hook.token }',
          '  - { kind: ping, url-file: ping.url }',
          '  - { kind: github-summary }',
        ].join('\n'),
      ),
      writeFile(join(project, 'hook.url'), `${server.url}${HOOK}`),
      writeFile(join(project, 'hook.token'), TOKEN),
      writeFile(join(project, 'ping.url'), `${server.url}${PING}`),
    ]);

  /** Everything that a run leaves: files, output, and what was sent but to the secret addresses themselves. */
  async function traces(output: string, server: HttpServer): Promise<string> {
    const reports = join(project, 'reports');
    const names = await readdir(reports, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    return [output, ...files, ...texts, ...server.received.map(({ body }) => body)].join('\n');
  }

  test('a night without a lab is announced, reported as inconclusive, and leaves no secret anywhere', async () => {
    await using server = await HttpServer.start(({ path }) =>
      path === HOOK ? { status: 404, body: `no service at ${path}, token ${TOKEN}` } : { status: 200 },
    );
    await configure(server);
    const { exitCode, all } = await start([], { env: { SLACK_WEBHOOK: `${server.url}/slack${HOOK}` } });
    expect(exitCode).toBe(2);
    expect(server.received.map(({ path }) => path).sort()).toEqual(
      [`${PING}/fail`, `${PING}/start`, HOOK, `/slack${HOOK}`].sort(),
    );
    const end = JSON.parse(server.received.find(({ path }) => path === HOOK)?.body ?? '{}') as object;
    expect(end).toMatchObject({
      event: 'end',
      verdict: 'inconclusive',
      exitCode: 2,
      drills: [{ name: 'single-manager' }],
    });
    expect(all).toContain('notify: slack: delivered');
    expect(all).toContain(
      'notify: webhook: not delivered: the server answered 404: no service at [secret], token [secret]',
    );
    expect(all).toContain('notify: github-summary: skipped: this run is not a job of GitHub Actions');
    const record = await readFile(join(project, 'reports/notifications.jsonl'), 'utf8');
    expect(
      record
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Entry).event),
    ).toEqual(['start', 'end', 'end', 'end']);
    const everything = await traces(all, server);
    expect(everything).toContain('inconclusive');
    for (const secret of ['SECRET', '5ECRE7', TOKEN, server.url]) expect(everything).not.toContain(secret);
  });

  test('no message changes the exit code: the server is gone, and every attempt fails', async () => {
    const server = await HttpServer.start();
    await configure(server);
    await server[Symbol.asyncDispose]();
    const { exitCode, all } = await start([]);
    expect(exitCode).toBe(2);
    expect(all).toContain('notify: webhook: not delivered: attempt 3: no connection (ECONNREFUSED)');
    expect(all).toContain('notify: slack: not delivered: the environment variable SLACK_WEBHOOK is not set');
    expect((await ledger()).map(({ event }) => event)).toEqual(['start', 'end']);
  });

  test('a message about the second failed night is not a change', async () => {
    await using server = await HttpServer.start();
    const lines = ['notify:', '  - { kind: webhook, url-env: HOOK, when: change }'];
    await writeFile(join(project, 'people.yml'), lines.join('\n'));
    const night = () => start(['--notify', 'people.yml'], { env: { HOOK: server.url } });
    await night();
    expect(server.received).toHaveLength(1);
    await night();
    expect(server.received).toHaveLength(1);
  });

  test('a mistake in the file is an error before anything starts', async () => {
    await writeFile(
      join(project, 'evidence.yml'),
      'notify:\n  - kind: slack\n    url: https://hooks/SECRET\n',
    );
    const { exitCode, all } = await start([]);
    expect(exitCode).toBe(64);
    expect(all).toContain('evidence.yml, line 2: notify.0: unknown field url');
    expect(all).not.toContain('SECRET');
    expect(await ledger()).toEqual([]);
  });

  test('notify test sends to each target, and says which failed', async () => {
    await using server = await HttpServer.start();
    await configure(server);
    const { exitCode, stdout } = await execa(process.execPath, [MAIN, 'notify', 'test'], {
      cwd: project,
      reject: false,
      env: environment(),
    });
    expect(exitCode).toBe(2);
    expect(stdout).toContain('webhook: delivered');
    expect(stdout).toContain('slack: not delivered: the environment variable SLACK_WEBHOOK is not set');
    expect(server.received.map(({ path }) => path).sort()).toEqual([`${PING}/log`, HOOK].sort());
    const one = await execa(process.execPath, [MAIN, 'notify', 'test', 'webhook'], {
      cwd: project,
      reject: false,
    });
    expect(one).toMatchObject({ exitCode: 0, stdout: 'webhook: delivered' });
  });
});

describe('a night that is killed', () => {
  test('shows in the ledger as a start without an end, and the next night works', async () => {
    const night = start(await hanging());
    await until(async () => (await ledger()).length === 1);
    night.kill('SIGKILL');
    await night;
    expect((await ledger()).map(({ event }) => event)).toEqual(['start']);
    const next = await start(['--wait', '0']);
    expect(next.exitCode).toBe(2);
    const entries = await ledger();
    expect(entries.map(({ event }) => event)).toEqual(['start', 'start', 'end']);
    expect(entries[2]?.['run']).toBe(entries[1]?.['run']);
  });
});

describe('two nights that overlap', () => {
  test('on one machine: the second one waits, or exits with 75 and starts nothing', async () => {
    const first = start(await hanging());
    await until(async () => (await ledger()).length === 1);
    await using server = await HttpServer.start();
    await writeFile(join(project, 'people.yml'), 'notify: [{ kind: webhook, url-env: HOOK }]');
    const refused = await start(['--wait', '0', '--notify', 'people.yml'], { env: { HOOK: server.url } });
    expect(refused.exitCode).toBe(75);
    expect(JSON.parse(server.only.body)).toMatchObject({
      event: 'failed',
      exitCode: 75,
      reason: 'another run is active on this machine',
    });
    expect(refused.all).toContain('another run is active on this machine\nwhat to do: ');
    expect(await ledger()).toHaveLength(1);
    const waiting = start(['--wait', '1']);
    let printed = '';
    waiting.all.on('data', (text: Buffer) => (printed += text.toString()));
    await until(async () => printed.includes('waiting for up to 1 min 0.0 s'));
    first.kill('SIGKILL');
    expect((await waiting).exitCode).toBe(2);
    expect((await ledger()).map(({ event }) => event)).toEqual(['start', 'start', 'end']);
  });

  test('on two machines: both are in one ledger on a branch, and a night that was overtaken starts nothing', async () => {
    const origin = join(project, 'origin.git');
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: project, stdio: 'pipe', encoding: 'utf8' });
    git('init', '--quiet', '--bare', origin);
    for (const machine of ['one', 'two']) {
      git('init', '--quiet', machine);
      git('-C', machine, 'remote', 'add', 'origin', origin);
    }
    const night = (machine: string, ...args: string[]) =>
      start(['--ledger-branch', 'nights', ...args], {
        cwd: join(project, machine),
        env: { SWARM_DRILL_CACHE: join(project, 'cache', machine) },
      });
    const stored = (): Entry[] =>
      git('-C', origin, 'show', 'nights:ledger.jsonl')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Entry);

    const killed = night('one', ...(await hanging()));
    await until(async () => git('-C', origin, 'branch').includes('nights'));
    killed.kill('SIGKILL');
    await killed;
    expect(stored().map(({ event }) => event)).toEqual(['start']);
    expect((await night('two')).exitCode).toBe(2);
    expect(stored().map(({ event }) => event)).toEqual(['start', 'start', 'end']);

    // Machine one has a start that the branch has not: someone moved the branch back.
    const ahead = join(project, 'one/reports/ledger.jsonl');
    await writeFile(ahead, `${await readFile(ahead, 'utf8')}{"entry":2}\n`);
    const overtaken = await night('one');
    expect(overtaken.exitCode).toBe(2);
    expect(overtaken.all).toContain('have different entries\nwhat to do: Two nights ran at the same time');
    expect(stored()).toHaveLength(3);
  });
});

describe('a full disk', () => {
  test('in reports/: the night says so, and the next one with room works', async ({ skip }) => {
    const reports = join(project, 'reports');
    await mkdir(reports);
    const mounted = runTool('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', reports]);
    if (mounted?.exitCode !== 0)
      skip(`unproven: no small file system can be mounted here: ${mounted?.output ?? 'no mount'}`);
    try {
      const { privatePem } = createKeyPair();
      await writeFile(join(project, 'key.pem'), privatePem);
      await chmod(join(project, 'key.pem'), 0o600);
      const signed = ['--signing-key', 'key.pem'];
      expect((await start(signed)).exitCode).toBe(2);
      await writeFile(join(reports, 'ballast'), Buffer.alloc(2 << 20)).catch(() => undefined);
      const full = await start(signed);
      expect(full.exitCode).toBe(2);
      expect(full.all).toContain('ENOSPC');
      expect(full.all).toMatch(
        /this run is not in the ledger|the plan of this run was not recorded|this run has no/,
      );
      await rm(join(reports, 'ballast'));
      expect((await start(signed)).exitCode).toBe(2);
      const events = (await ledger()).map(({ event }) => event);
      expect(events.slice(0, 2)).toEqual(['start', 'end']);
      expect(events.slice(-2)).toEqual(['start', 'end']);
    } finally {
      runTool('umount', ['--lazy', reports]);
    }
  });
});
