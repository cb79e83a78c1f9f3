// Git stack with the vault as the remote: failed pushes, damaged bundles, and what a backup must neither change nor show.
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { clientAt, clientInside } from '../../../src/lab/engine/client.ts';
import { connect } from '../../../src/lab/engine/connect.ts';
import type { ExecOptions } from '../../../src/lab/engine/process.ts';
import { gitStack, type StackSource } from '../../../src/method/stack/git-stack/git-stack.ts';
import type { SealedSecrets } from '../../../src/method/stack/sealed-secrets.ts';
import { Vault, type Kept } from '../../../src/vault/vault.ts';
import type { ArtifactFact } from '../../../src/model/artifact.ts';
import { runProgram } from '../../../src/support/command.ts';
import { describeError as described } from '../../../src/support/errors.ts';
import { Scope } from '../../../src/support/scope.ts';
import { withTrace, type TraceSink } from '../../../src/support/trace.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { SecretListener } from '../../support/secret-listener.ts';
import { createGitRepository, type GitRepository } from '../../support/git-repository.ts';
import { findingOf } from '../../support/volumes.ts';

const scope = new Scope();
const method = gitStack({ remote: 'vault' });
/** Env files contain passwords in practice. */
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
const unreadable: SealedSecrets = {
  sealed: () => Promise.reject(new Error('the sealed secrets were read')),
  identity: () => Promise.reject(new Error('the identity was read')),
};

let swarm: Swarm;
let vault: Vault;
let repository: GitRepository;
let source: StackSource;
const artifacts: ArtifactFact[] = [];

const docker = async (...args: string[]): Promise<string> =>
  (await swarm.manager()).exec(['docker', ...args]);
const keep = () => vault.keep(method, source);
const atVault = (script: string): Promise<string> =>
  vault.host.exec(['sh', '-euc', `cd /vault/git\n${script}`]);
/** Returns the commit of the vault's branch. */
const vaultHead = (): Promise<string> =>
  atVault('git -c safe.directory=* -C stack.git rev-parse main').then((text) => text.trim());
const localHead = (): Promise<string> => repository.git('rev-parse', 'HEAD');

/** Commits a file that can't be compressed and that no service reads. */
async function commitAttachment(bytes: number): Promise<void> {
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
  swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  const env = `TOOLBOX_IMAGE=${swarm.imageOf('toolbox')}\nGREETING='good day'\nPASSWORD='${PASSWORD}'\n`;
  repository = await createGitRepository({ 'stack.yml': STACK, '.env': env });
  scope.defer('the repository', async () => repository[Symbol.asyncDispose]());
  source = { swarm, stack: 'shop', directory: repository.directory, compose: ['stack.yml'], env: '.env' };
  vault = await Vault.open(site, scope, (artifact) => artifacts.push(artifact), { capacity: 256 << 20 });
  const image = swarm.imageOf('toolbox');
  await swarm.deploy('shop', STACK.replace('${TOOLBOX_IMAGE}', image).replace('${GREETING}', 'good day'));
  await swarm.converged();
  await keep();
});
afterAll(() => scope[Symbol.asyncDispose]());

/** A new commit on top of the vault's branch, so that every test has something to push. */
beforeEach(async () => {
  await repository.git('checkout', '--quiet', '--force', 'main');
  await repository.git('reset', '--quiet', '--hard', await vaultHead());
  await repository.git('push', '--quiet', '--force', 'origin', 'main');
  await commitAttachment(100_000);
});

/** Checks that the next backup and its restore succeed, and leave no container. */
async function expectNextBackupToWork(): Promise<void> {
  const next = await keep();
  expect(await vaultHead()).toBe(await localHead());
  expect(await next.restoreInto({ swarm, secrets: unreadable })).toMatchObject({
    commit: await localHead(),
    origin: { from: 'remote' },
  });
  expect(await docker('ps', '--all', '--quiet', '--filter', `ancestor=${swarm.imageOf('tools')}`)).toBe('');
}

/** What breaks a push, how to repair it, and the code and output of the finding. */
const FAULTS = [
  {
    fault: 'a full disk',
    cause: () => atVault('head -c 300M /dev/zero >filler 2>/dev/null || true'),
    repair: () => atVault('rm filler'),
    code: 'vault-full',
    output: /no space left on device/i,
  },
  {
    fault: 'a broken connection',
    cause: () => vault.host.disconnect(),
    repair: () => vault.host.reconnect(),
    code: 'vault-unreachable',
    output: /connection closed|timed out|no route/i,
  },
  {
    fault: 'a refused key',
    cause: () => atVault('mv /etc/ssh/keys/git /etc/ssh/git.away'),
    repair: () => atVault('mv /etc/ssh/git.away /etc/ssh/keys/git'),
    code: 'vault-refused',
    output: /permission denied \(publickey/i,
  },
  {
    fault: 'a stale lock on the branch',
    cause: () => atVault('touch stack.git/refs/heads/main.lock'),
    repair: () => atVault('rm stack.git/refs/heads/main.lock'),
    code: 'repository-locked',
    output: /main\.lock': File exists/,
  },
] as const;

test.for(FAULTS)(
  'reports $fault at the vault as $code, and recovers',
  async ({ cause, repair, code, output }) => {
    const before = await vaultHead();
    await cause();
    const found = await findingOf(keep()).finally(repair);
    expect({ code: found.code, hint: found.hint }).toEqual({ code, hint: expect.any(String) });
    expect(found.message).toMatch(/^cannot push main to the vault: /);
    expect(found.output).toMatch(output);
    expect(await vaultHead()).toBe(before);
    await expectNextBackupToWork();
  },
);

test('marks the repository as not encrypted', async () => {
  const { name } = await keep();
  expect(artifacts.map((artifact) => [artifact.name, artifact.encrypted])).toContainEqual([
    `${name}/git`,
    false,
  ]);
});

test('refuses a rewritten history, and keeps the one at the vault', async () => {
  await expectNextBackupToWork();
  const before = await vaultHead();
  await repository.git('commit', '--quiet', '--amend', '--allow-empty', '--message', 'rewritten');
  const found = await findingOf(keep());
  expect(found.code).toBe('history-rewritten');
  expect(found.output).toMatch(/non-fast-forward|rejected/);
  expect(await vaultHead()).toBe(before);
});

/** Waits at the vault until a part of a push has arrived, then sends a signal to its processes. */
const SIGNAL = `for try in $(seq 6000); do
    if [ "$(du -sk stack.git/objects/*incoming-* 2>/dev/null | cut -f 1 | head -1)0" -gt 2560 ]; then
      for process in $(grep -ls '^git' /proc/[0-9]*/comm | cut -d / -f 3); do kill -"$0" "$process" || true; done
      exit
    fi
    sleep 0.01
  done
  echo 'nothing arrived' >&2; exit 1`;
const signalDuringPush = (signal: string): Promise<string> =>
  vault.host.exec(['sh', '-euc', `cd /vault/git\n${SIGNAL}`, signal]);

test('reports a push whose server is killed, and recovers', async () => {
  await commitAttachment(12 << 20);
  const before = await vaultHead();
  const [found] = await Promise.all([findingOf(keep()), signalDuringPush('KILL')]);
  expect(found.code).toBe('interrupted');
  expect(found.output).toMatch(/hung up unexpectedly|unexpected disconnect/);
  expect(await vaultHead()).toBe(before);
  await atVault('rm -rf stack.git/objects/*incoming-*');
  await expectNextBackupToWork();
});

test('ends a cancelled push at once, and recovers', async () => {
  await commitAttachment(12 << 20);
  const before = await vaultHead();
  const stop = new AbortController();
  const reason = new Error('Ctrl-C');
  const stopped = expect(withTrace(silent, stop.signal, keep)).rejects.toBe(reason);
  await signalDuringPush('STOP');
  stop.abort(reason);
  await stopped;
  await atVault(
    `for process in $(grep -ls '^git' /proc/[0-9]*/comm | cut -d / -f 3); do kill -KILL "$process"; done
     rm -rf stack.git/objects/*incoming-*`,
  );
  expect(await vaultHead()).toBe(before);
  await expectNextBackupToWork();
});

/** Creates a bundle of the revisions. */
async function createBundleOf(...revisions: string[]): Promise<Buffer> {
  const path = `${repository.directory}.bundle`;
  onTestFinished(() => rm(path));
  await repository.git('bundle', 'create', '--quiet', path, ...revisions);
  return readFile(path);
}
const flipBit = (bytes: Buffer): Buffer => {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};

test.for([
  {
    damage: 'without its prerequisite commits',
    bundle: () => createBundleOf('HEAD~1..HEAD', 'HEAD'),
    output: /prerequisite|[0-9a-f]{40}/,
  },
  {
    damage: 'that was cut',
    bundle: async () => {
      const whole = await createBundleOf('HEAD', 'main');
      return whole.subarray(0, whole.length / 2);
    },
    output: /git fetch: /,
  },
  {
    damage: 'with a flipped bit',
    bundle: async () => flipBit(await createBundleOf('HEAD', 'main')),
    output: /git fetch: /,
  },
])('refuses a bundle $damage before it deploys anything', async ({ bundle, output }) => {
  const version = (): Promise<string> =>
    docker('service', 'inspect', 'shop_web', '--format', '{{.Version.Index}}');
  const before = await version();
  const point = await keepWithBundle(await bundle());
  const found = await findingOf(
    point.restoreInto({ swarm, secrets: unreadable, remoteAddress: '/nowhere.git' }),
  );
  expect(found.code).toBe('commit-gone');
  expect(found.message).toMatch(/; bundle: git/);
  expect(described(found)).toMatch(output);
  expect(await version()).toBe(before);
});

/** Makes a backup with these bytes as its bundle, which the vault hashes and stores like any others. */
const keepWithBundle = (bytes: Buffer): Promise<Kept<Parameters<typeof method.restore>[1], unknown>> =>
  vault.keep(
    {
      ...method,
      backup: (from, artifact) =>
        method.backup(from, {
          ...artifact,
          put: (file, content) =>
            artifact.put(file, file === 'repository.bundle' ? Readable.from([bytes]) : content),
        }),
    },
    source,
  );

test('refuses an empty repository', async () => {
  const empty = `${repository.directory}-empty`;
  await runProgram('git', ['init', '--quiet', empty]);
  const found = await findingOf(vault.keep(method, { ...source, directory: empty }));
  expect(found).toMatchObject({ code: 'no-commit', message: 'the current branch has no commit yet' });
});

test('refuses a branch without a commit', async () => {
  await repository.git('checkout', '--quiet', '--orphan', 'unborn');
  expect((await findingOf(keep())).code).toBe('no-commit');
});

test('changes neither work tree, repository nor services, and needs no lock of the repository', async () => {
  const files = (): Promise<string> =>
    runProgram(
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
  const lock = `${repository.directory}/.git/index.lock`;
  onTestFinished(() => rm(lock));
  await writeFile(lock, '');
  const before = [await files(), await services()];
  await keep();
  expect([await files(), await services()]).toEqual(before);
});

test('shows no value of the env file in arguments, requests to an engine, logs or reports', async () => {
  const manager = await swarm.manager();
  const outer = connect(inject('lab').host);
  const requests: unknown[] = [];
  const exec = manager.exec.bind(manager);
  manager.exec = (argv, options?: ExecOptions) => {
    requests.push([argv, options?.env, options?.user]);
    return exec(argv, options);
  };
  const reported: unknown[] = [];
  const events = (await clientAt(inject('lab').host).getEvents()) as Readable;
  const engineEvents: string[] = [];
  events.on('data', (chunk: Buffer) => engineEvents.push(String(chunk)));
  const ears = SecretListener.open([clientInside(outer, manager.id), clientAt(inject('lab').host)]);
  const signal = new AbortController().signal;
  await withTrace(recordTo(reported), signal, async () => {
    const point = await keep();
    await point.restoreInto({ swarm, secrets: unreadable });
    await labelByHand(`old ${PASSWORD}`);
    reported.push(described(await findingOf(keep())));
    await point.restoreInto({ swarm, secrets: unreadable });
  }).finally(() => (manager.exec = exec));
  await ears[Symbol.asyncDispose]();
  events.destroy();
  const places = {
    'arguments of processes': ears.arguments,
    'inspected containers and execs': ears.inspected,
    'requests to the engine': JSON.stringify(requests),
    'events of the engine': engineEvents.join(''),
    'log of the node': await outer.containers.logs(manager.id),
    'journal and report': JSON.stringify(reported),
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

/** Changes the service in a way that its containers do not show. */
async function labelByHand(note: string): Promise<void> {
  const { services } = (await swarm.manager()).engine;
  const { Version, Spec } = await services.inspect('shop_web');
  await services.update('shop_web', Version, { ...Spec, Labels: { ...Spec.Labels, note } });
}

const silent: TraceSink = {
  stepStarted: () => undefined,
  stepEnded: () => undefined,
  waiting: () => undefined,
};
const recordTo = (reported: unknown[]): TraceSink => ({
  stepStarted: (...what) => void reported.push(what),
  stepEnded: (...what) => void reported.push(what),
  waiting: (...what) => void reported.push(what),
});
