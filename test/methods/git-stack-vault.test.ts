// A stack in git whose home is the vault: what a push says that was not taken, what a damaged bundle says, and that nothing of it harms
// the work tree, the services, or the values of an env file.
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { connect } from '../../src/lab/engine/connect.ts';
import type { ExecOptions } from '../../src/lab/engine/process.ts';
import { gitStack, type StackSource } from '../../src/method/stack/git-stack/git-stack.ts';
import type { SealedSecrets } from '../../src/method/stack/sealed-secrets.ts';
import { Vault, type Kept } from '../../src/vault/vault.ts';
import { run } from '../../src/support/command.ts';
import { describe as described } from '../../src/support/errors.ts';
import { Scope } from '../../src/support/scope.ts';
import { traced, type TraceSink } from '../../src/support/trace.ts';
import { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { Ears } from '../support/secret-listener.ts';
import { gitRepository, type GitRepository } from '../support/git-repository.ts';
import { findingOf } from '../support/volumes.ts';

const scope = new Scope();
const method = gitStack({ remote: 'vault' });
/** What env files hold in practice. */
const PASSWORD = `canary-${randomBytes(12).toString('hex')}`;
const STACK = `
version: '3.8'
x-database: "postgres://shop:\${PASSWORD}@db"
services:
  web:
    image: \${TOOLBOX_IMAGE}
    command: ['sleep', 'infinity']
    init: true
    stop_grace_period: 1s
    environment: { GREETING: "\${GREETING}" }
`;
const noSecrets: SealedSecrets = {
  sealed: () => Promise.reject(new Error('the sealed secrets were read')),
  identity: () => Promise.reject(new Error('the identity was read')),
};

let swarm: Swarm;
let vault: Vault;
let repository: GitRepository;
let source: StackSource;

const docker = async (...args: string[]): Promise<string> =>
  (await swarm.manager()).exec(['docker', ...args]);
const keep = () => vault.keep(method, source);
const atVault = (script: string): Promise<string> =>
  vault.host.exec(['sh', '-euc', `cd /vault/git\n${script}`]);
/** What the vault's branch is at. */
const kept = (): Promise<string> =>
  atVault('git -c safe.directory=* -C stack.git rev-parse main').then((text) => text.trim());
const head = (): Promise<string> => repository.git('rev-parse', 'HEAD');

/** A commit of a file that no compression makes smaller, and that no service reads. */
async function commit(bytes: number): Promise<void> {
  await writeFile(`${repository.directory}/attachment`, randomBytes(bytes));
  await repository.commit({});
}

beforeAll(async () => {
  const site = await Site.open({
    lab: inject('lab'),
    run: `git-vault-${process.pid}`,
    drill: 'methods',
    scope,
  });
  swarm = await site.startSwarm({ managers: 1, workers: 0 });
  const env = `TOOLBOX_IMAGE=${swarm.imageOf('toolbox')}\nGREETING='good day'\nPASSWORD='${PASSWORD}'\n`;
  repository = await gitRepository({ 'stack.yml': STACK, '.env': env });
  scope.defer('the repository', async () => repository[Symbol.asyncDispose]());
  source = { swarm, stack: 'shop', directory: repository.directory, compose: ['stack.yml'], env: '.env' };
  vault = await Vault.open(site, scope, () => undefined, { capacity: 256 << 20 });
  const image = swarm.imageOf('toolbox');
  await swarm.deploy('shop', STACK.replace('${TOOLBOX_IMAGE}', image).replace('${GREETING}', 'good day'));
  await swarm.converged();
  await keep();
});
afterAll(() => scope[Symbol.asyncDispose]());

beforeEach(() => commit(100_000));

/** Whatever stood in the way is gone: the next backup is a whole one. */
async function nextOneWorks(): Promise<void> {
  const whole = await keep();
  expect(await kept()).toBe(await head());
  expect(await whole.restoreInto({ swarm, secrets: noSecrets })).toMatchObject({
    commit: await head(),
    origin: { from: 'remote' },
  });
  expect(await docker('ps', '--all', '--quiet', '--filter', `ancestor=${swarm.imageOf('tools')}`)).toBe('');
}

/** What stands in the way of a push, how it goes away, what the finding says, and the words of git or ssh that it keeps. */
const OBSTACLES = [
  {
    what: 'a full disk',
    harm: () => atVault('head -c 300M /dev/zero >filler 2>/dev/null || true'),
    mend: () => atVault('rm filler'),
    code: 'vault-full',
    words: /no space left on device/i,
  },
  {
    what: 'a line that is cut',
    harm: () => vault.host.disconnect(),
    mend: () => vault.host.reconnect(),
    code: 'vault-unreachable',
    words: /connection closed|timed out|no route/i,
  },
  {
    what: 'a key that is not let in',
    harm: () => atVault('mv /etc/ssh/keys/git /etc/ssh/git.away'),
    mend: () => atVault('mv /etc/ssh/git.away /etc/ssh/keys/git'),
    code: 'vault-refused',
    words: /permission denied \(publickey/i,
  },
  {
    what: 'a lock that somebody left on the branch',
    harm: () => atVault('touch stack.git/refs/heads/main.lock'),
    mend: () => atVault('rm stack.git/refs/heads/main.lock'),
    code: 'repository-locked',
    words: /main\.lock': File exists/,
  },
] as const;

for (const { what, harm, mend, code, words } of OBSTACLES)
  test(`${what} at the vault is a finding of its own, in the words of git, and the next backup is whole`, async () => {
    const before = await kept();
    await harm();
    const found = await findingOf(keep()).finally(mend);
    expect({ code: found.code, hint: found.hint }).toEqual({ code, hint: expect.any(String) });
    expect(found.message).toMatch(/^cannot push main to the vault: /);
    expect(found.output).toMatch(words);
    expect(await kept()).toBe(before);
    await nextOneWorks();
  });

test('a rewritten history is a finding with that name, and the vault keeps the one that it has', async () => {
  await nextOneWorks();
  const before = await kept();
  await repository.git('commit', '--quiet', '--amend', '--allow-empty', '--message', 'rewritten');
  const found = await findingOf(keep());
  await repository.git('reset', '--quiet', '--hard', before);
  await repository.git('push', '--quiet', '--force', 'origin', 'main');
  expect(found.code).toBe('history-rewritten');
  expect(found.output).toMatch(/non-fast-forward|rejected/);
  expect(await kept()).toBe(before);
});

/** Waits at the vault until a push has sent some of it, then sends its processes a signal. */
const SIGNAL = `for try in $(seq 6000); do
    if [ "$(du -sk stack.git/objects/*incoming-* 2>/dev/null | cut -f 1 | head -1)0" -gt 2560 ]; then
      for process in $(grep -ls '^git' /proc/[0-9]*/comm | cut -d / -f 3); do kill -"$0" "$process" || true; done
      exit
    fi
    sleep 0.01
  done
  echo 'nothing arrived' >&2; exit 1`;
const midway = (signal: string): Promise<string> =>
  vault.host.exec(['sh', '-euc', `cd /vault/git\n${SIGNAL}`, signal]);

test('a push whose server is killed while it travels is a finding, and the next backup is whole', async () => {
  await commit(12 << 20);
  const before = await kept();
  const [found] = await Promise.all([findingOf(keep()), midway('KILL')]);
  expect(found.code).toBe('interrupted');
  expect(found.output).toMatch(/hung up unexpectedly|unexpected disconnect/);
  expect(await kept()).toBe(before);
  await atVault('rm -rf stack.git/objects/*incoming-*');
  await nextOneWorks();
});

test('a push that is told to stop while it travels ends at once, and the next backup is whole', async () => {
  await commit(12 << 20);
  const before = await kept();
  const stop = new AbortController();
  const reason = new Error('somebody pressed Ctrl-C');
  const stopped = expect(traced(silent, stop.signal, keep)).rejects.toBe(reason);
  await midway('STOP');
  stop.abort(reason);
  await stopped;
  await atVault(
    `for process in $(grep -ls '^git' /proc/[0-9]*/comm | cut -d / -f 3); do kill -KILL "$process"; done
     rm -rf stack.git/objects/*incoming-*`,
  );
  expect(await kept()).toBe(before);
  await nextOneWorks();
});

test('a bundle that git itself refuses, though the vault kept every byte of it, is a finding before anything is deployed', async () => {
  const bundle = `${repository.directory}.bundle`;
  const thin = async (): Promise<Buffer> => {
    await repository.git('bundle', 'create', '--quiet', bundle, 'HEAD~1..HEAD', 'HEAD');
    return readFile(bundle);
  };
  const changed = async (change: (whole: Buffer) => Buffer): Promise<Buffer> => {
    await repository.git('bundle', 'create', '--quiet', bundle, 'HEAD', 'main');
    return change(await readFile(bundle));
  };
  const flipped = (whole: Buffer): Buffer => {
    const at = Math.floor(whole.length / 2);
    whole[at] = (whole[at] ?? 0) ^ 1;
    return whole;
  };
  const damages = [
    ['without what it builds on', await thin(), /prerequisite|[0-9a-f]{40}/],
    ['cut off', await changed((whole) => whole.subarray(0, whole.length / 2)), /git fetch: /],
    ['with a bit flipped', await changed(flipped), /git fetch: /],
  ] as const;
  const versions = (): Promise<string> =>
    docker('service', 'inspect', 'shop_web', '--format', '{{.Version.Index}}');
  const before = await versions();
  for (const [what, bytes, words] of damages) {
    const point = await keptWith(bytes);
    const found = await findingOf(
      point.restoreInto({ swarm, secrets: noSecrets, remoteAddress: '/nowhere.git' }),
    );
    expect(found.code, what).toBe('commit-gone');
    expect(found.message, what).toMatch(/; bundle: git/);
    expect(described(found), what).toMatch(words);
  }
  await rm(bundle);
  expect(await versions()).toBe(before);
});

/** A backup with other bytes as its bundle, which the vault hashes and keeps like any others. */
const keptWith = (bytes: Buffer): Promise<Kept<Parameters<typeof method.restore>[1], unknown>> =>
  vault.keep(
    {
      ...method,
      backup: (from, deposit) =>
        method.backup(from, {
          ...deposit,
          put: (file, content) =>
            deposit.put(file, file === 'repository.bundle' ? Readable.from([bytes]) : content),
        }),
    },
    source,
  );

test('a repository without a commit is a finding that says so', async () => {
  const empty = `${repository.directory}-empty`;
  await run('git', ['init', '--quiet', empty]);
  const found = await findingOf(vault.keep(method, { ...source, directory: empty }));
  expect(found).toMatchObject({ code: 'no-commit', message: 'the current branch has no commit yet' });
  await repository.git('checkout', '--quiet', '--orphan', 'unborn');
  const unborn = await findingOf(keep());
  await repository.git('checkout', '--quiet', 'main');
  expect(unborn.code).toBe('no-commit');
});

test('a backup leaves work tree, repository and services as they are, also where somebody else is at work', async () => {
  const everything = (): Promise<string> =>
    run(
      'sh',
      ['-euc', 'find . -printf "%p %m %s %T@\\n" | sort; find . -type f -exec sha256sum {} + | sort'],
      {
        cwd: repository.directory,
      },
    );
  const services = async (): Promise<string> =>
    [
      await docker('ps', '--no-trunc', '--quiet'),
      await docker('service', 'inspect', 'shop_web', '--format', '{{json .Version}} {{.UpdatedAt}}'),
      await docker('config', 'ls', '--quiet'),
      await docker('network', 'ls', '--quiet'),
    ].join('');
  await writeFile(`${repository.directory}/.git/index.lock`, '');
  const before = [await everything(), await services()];
  await keep();
  expect([await everything(), await services()]).toEqual(before);
  await rm(`${repository.directory}/.git/index.lock`);
});

test('a value of the env file is in no argument, no request to an engine, no log and no report', async () => {
  const manager = await swarm.manager();
  const outer = connect(inject('lab').host);
  const asked: unknown[] = [];
  const exec = manager.exec.bind(manager);
  manager.exec = (argv, options?: ExecOptions) => {
    asked.push([argv, options?.env, options?.user]);
    return exec(argv, options);
  };
  const told: unknown[] = [];
  const events = (await outer.getEvents()) as Readable;
  const heardEvents: string[] = [];
  events.on('data', (chunk: Buffer) => heardEvents.push(String(chunk)));
  const ears = Ears.open([manager.docker, outer]);
  const signal = new AbortController().signal;
  await traced(writing(told), signal, async () => {
    const whole = await keep();
    await whole.restoreInto({ swarm, secrets: noSecrets });
    await labelledByHand(`old ${PASSWORD}`);
    told.push(described(await findingOf(keep())));
    await whole.restoreInto({ swarm, secrets: noSecrets });
  }).finally(() => (manager.exec = exec));
  await ears[Symbol.asyncDispose]();
  events.destroy();
  const places = {
    'arguments of processes': ears.arguments,
    'inspected containers and execs': ears.inspected,
    'requests to the engine': JSON.stringify(asked),
    'events of the engine': heardEvents.join(''),
    'log of the node': String(await outer.getContainer(manager.id).logs({ stdout: true, stderr: true })),
    'journal and report': JSON.stringify(told),
  };
  const has = (text: string): string[] =>
    Object.entries(places).flatMap(([place, all]) => (all.includes(text) ? [place] : []));
  expect(has(PASSWORD)).toEqual([]);
  expect(has('--compose-file')).toEqual(
    expect.arrayContaining(['requests to the engine', 'events of the engine']),
  );
  if (inject('lab').kind === 'embedded') expect(ears.arguments.includes('dial-stdio')).toBe(true);
  expect(ears.inspected.includes('dial-stdio')).toBe(true);
  expect(places['journal and report']).toMatch(/old \$\{PASSWORD\}/);
});

/** A change of the service that no container of it shows. */
async function labelledByHand(note: string): Promise<void> {
  const service = (await swarm.manager()).docker.getService('shop_web');
  const { Version, Spec } = (await service.inspect()) as {
    Version: { Index: number };
    Spec: { Labels: object };
  };
  await service.update({ version: Version.Index, ...Spec, Labels: { ...Spec.Labels, note } });
}

const silent: TraceSink = {
  stepStarted: () => undefined,
  stepEnded: () => undefined,
  waiting: () => undefined,
};
const writing = (told: unknown[]): TraceSink => ({
  stepStarted: (...what) => void told.push(what),
  stepEnded: (...what) => void told.push(what),
  waiting: (...what) => void told.push(what),
});
