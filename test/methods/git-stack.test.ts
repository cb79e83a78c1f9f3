// A stack that is held in git: what runs must be what a commit says, the commit must be safe, and the restore deploys that one.
import { readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { bytesOf, startProcess } from '../../src/lab/engine/process.ts';
import { gitStack, gitStackAtVault, type StackSource } from '../../src/method/stack/git-stack/git-stack.ts';
import type { ArtifactFact } from '../../src/model/artifact.ts';
import type { ArtifactMetadata } from '../../src/model/method.ts';
import { createAgeIdentity, sealSecrets, type SealedSecrets } from '../../src/method/stack/sealed-secrets.ts';
import { Vault } from '../../src/vault/vault.ts';
import { describe as described } from '../../src/support/errors.ts';
import { run } from '../../src/support/command.ts';
import { Scope } from '../../src/support/scope.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { gitRepository, type GitRepository } from '../support/git-repository.ts';
import { shelf, type Shelf } from '../support/shelf.ts';

const scope = new Scope();
let old: Swarm;
let fresh: Swarm;
let repository: GitRepository;
let source: StackSource;
let keys: { readonly identity: string; readonly recipient: string };

const TOKEN = Buffer.from('the token of the shop');
const FILES = {
  '.gitignore': 'ignored.yml\n',
  'shop/stack.yml': `
version: '3.8'
services:
  web:
    image: \${TOOLBOX_IMAGE}
    command: ['sleep', 'infinity']
    stop_grace_period: 1s
    init: true
    environment: { GREETING: "\${GREETING}", EMPTY: '' }
    env_file: [web.env]
    secrets: [{ source: token, target: the-token, mode: 0400 }]
    configs: [settings]
    networks: { front: { aliases: [www] }, shared: }
    ports: ['8080', { target: 8081, published: 8091, mode: ingress }]
    volumes: ['data:/data', '/tmp:/host-tmp:ro']
    deploy: { labels: { tier: web }, restart_policy: { delay: 1s }, update_config: { order: start-first } }
  agent:
    image: \${TOOLBOX_IMAGE}
    command: ['sleep', 'infinity']
    stop_grace_period: 1s
    networks: [front]
    deploy: { mode: global, endpoint_mode: dnsrr }
networks:
  front: { attachable: true, ipam: { config: [{ subnet: 10.78.0.0/24 }] } }
  shared: { external: true, name: shared }
volumes: { data: }
secrets: { token: { external: true, name: shop_token } }
configs: { settings: { file: ./settings.json } }
`,
  'shop/production.yml': `
version: '3.8'
services:
  agent: { deploy: { restart_policy: { delay: 2s } } }
  batch: { image: "\${TOOLBOX_IMAGE}", command: ['true'], networks: [front], deploy: { replicas: 0 } }
`,
  'shop/web.env': 'FROM_FILE=yes\n',
  'shop/settings.json': '{ "title": "shop" }\n',
} as const;

const sealedFor = (values: Record<string, Buffer>, identity = keys.identity): SealedSecrets => ({
  sealed: () => sealSecrets(new Map(Object.entries(values)), keys.recipient),
  identity: () => Promise.resolve(identity),
});
const never: SealedSecrets = {
  sealed: () => Promise.reject(new Error('the sealed secrets were read')),
  identity: () => Promise.reject(new Error('the identity was read')),
};
const docker = async (swarm: Swarm, ...args: string[]): Promise<string> =>
  (await swarm.manager()).exec(['docker', ...args]);
/** As a person would: from the work tree as it is. */
async function deploy(swarm: Swarm): Promise<void> {
  const manager = await swarm.manager();
  const tar = `${repository.directory}.tar`;
  await run('git', ['-C', repository.directory, 'archive', '--output', tar, 'HEAD']);
  await manager.exec(
    [
      'sh',
      '-euc',
      'rm -rf /srv/tree; mkdir -p /srv/tree; cd /srv/tree; tar -x; cd shop; set -a; . ./.env; docker stack deploy --resolve-image never --detach=true -c stack.yml -c production.yml shop',
    ],
    { input: await readFile(tar) },
  );
}
async function backup(more: Partial<StackSource> = {}): Promise<{ claim: ArtifactMetadata; kept: Shelf }> {
  const kept = await shelf();
  scope.defer('a shelf', async () => kept[Symbol.asyncDispose]());
  return { claim: await gitStack.backup({ ...source, ...more }, kept.deposit), kept };
}
const refusal = (more: Partial<StackSource> = {}): Promise<string> =>
  backup(more).then(() => 'it was backed up', described);
const names = async (swarm: Swarm): Promise<string[]> =>
  (await docker(swarm, 'service', 'ls', '--format', '{{.Name}}')).trim().split('\n').filter(Boolean).sort();

beforeAll(async () => {
  keys = await createAgeIdentity();
  const site = await Site.open({ lab: inject('lab'), run: `git-test-${process.pid}`, drill: 'old', scope });
  old = await site.startSwarm({ managers: 1, workers: 0 });
  const next = await Site.open({ lab: inject('lab'), run: `git-test-${process.pid}`, drill: 'fresh', scope });
  fresh = await next.startSwarm({ managers: 1, workers: 0 });
  const env = `# pinned here\nTOOLBOX_IMAGE=${old.imageOf('toolbox')}\nGREETING='good day'\n`;
  repository = await gitRepository({ ...FILES, 'shop/.env': env });
  scope.defer('the repository', async () => repository[Symbol.asyncDispose]());
  source = {
    swarm: old,
    stack: 'shop',
    directory: `${repository.directory}/shop`,
    compose: ['stack.yml', './production.yml'],
    env: '.env',
  };
  await docker(old, 'network', 'create', '--driver', 'overlay', 'shared');
  await (
    await old.manager()
  ).docker.createSecret({
    Name: 'shop_token',
    Labels: { keeper: 'ops' },
    Data: TOKEN.toString('base64'),
  });
  await deploy(old);
  await old.converged();
});
afterAll(() => scope[Symbol.asyncDispose]());

describe('a backup', () => {
  test('tells commit, remote, files and images, and changes nothing in the swarm or in the work tree', async () => {
    const versions = (): Promise<string> =>
      docker(
        old,
        'service',
        'inspect',
        'shop_web',
        'shop_agent',
        'shop_batch',
        '--format',
        '{{.Version.Index}}',
      );
    const before = [
      await versions(),
      await docker(old, 'config', 'ls', '--quiet'),
      await docker(old, 'network', 'ls', '--quiet'),
    ];
    const { claim, kept } = await backup();
    expect([
      await versions(),
      await docker(old, 'config', 'ls', '--quiet'),
      await docker(old, 'network', 'ls', '--quiet'),
    ]).toEqual(before);
    expect(claim).toMatchObject({
      stack: 'shop',
      commit: await repository.git('rev-parse', 'HEAD'),
      branch: 'main',
      remote: repository.remote,
      prefix: 'shop/',
      env: '.env',
      files: '6',
      secretsInRepository: '',
      unpinned: expect.stringMatching(/^shop_\w+: swarm-drill\/toolbox:\w+, /),
    });
    expect(await readFile(kept.path('files.txt'), 'utf8')).toMatch(
      /^100644 blob [0-9a-f]{40}\tshop\/stack\.yml$/m,
    );
    const record = await readFile(kept.path('stack.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({
      secrets: [{ Name: 'shop_token', Labels: { keeper: 'ops' } }],
      configs: [],
      networks: ['shared'],
    });
    expect(record).not.toContain(TOKEN.toString());
    await run('git', ['bundle', 'verify', kept.path('repository.bundle')], { cwd: repository.directory });
    expect((await (await old.manager()).exec(['sh', '-c', 'ls /tmp'])).trim()).toBe('');
    expect(await repository.git('status', '--porcelain')).toBe('');
  });

  test('of files that were changed, added or taken away is refused, with their names', async () => {
    await repository.write({ 'shop/web.env': 'FROM_FILE=no\n', 'shop/more.yml': '' });
    await rename(`${repository.directory}/shop/settings.json`, `${repository.directory}.away`);
    expect(await refusal()).toMatch(
      /not what its commit \w+ says: D shop\/settings.json, M shop\/web.env, \?\? shop\/more.yml/,
    );
    await rename(`${repository.directory}.away`, `${repository.directory}/shop/settings.json`);
    await repository.git('checkout', '--quiet', '--', 'shop/web.env');
    await repository.git('clean', '--quiet', '--force');
    expect(await refusal()).toBe('it was backed up');
  });

  test('of a compose file that git ignores is refused, though git status is silent', async () => {
    await repository.write({ 'shop/ignored.yml': FILES['shop/production.yml'] });
    expect(await refusal({ compose: ['stack.yml', 'ignored.yml'] })).toMatch(/no commit has ignored.yml/);
    expect(await refusal({ env: 'nowhere.env' })).toMatch(/no commit has nowhere.env/);
  });

  test('of what is no work tree, on no branch, or shallow is refused', async () => {
    expect(await refusal({ directory: '/' })).toMatch(/not a git repository/);
    const shallow = `${repository.directory}-shallow`;
    await run('git', ['clone', '--quiet', '--depth=1', `file://${repository.remote}`, shallow]);
    // A repository of one commit is whole however shallow it was asked for.
    await writeFile(`${shallow}/.git/shallow`, `${await repository.git('rev-parse', 'HEAD')}\n`);
    expect(await refusal({ directory: `${shallow}/shop` })).toMatch(/shallow clone/);
    await repository.git('checkout', '--quiet', '--detach');
    expect(await refusal()).toMatch(/on no branch/);
    expect(await refusal({ branch: 'main' })).toBe('it was backed up');
    await repository.git('checkout', '--quiet', 'main');
  });

  test('of commits that are not pushed, or where the remote moved, is refused with the commits', async () => {
    await repository.git('commit', '--quiet', '--allow-empty', '--message', 'mine alone');
    expect(await refusal()).toMatch(/origin hasn't got these commits of the work tree: \w+ mine alone/);
    await repository.git('push', '--quiet', 'origin', 'main');
    await repository.git('reset', '--quiet', '--hard', 'HEAD~1');
    expect(await refusal()).toMatch(/main of origin is ahead of the work tree by \w+ mine alone/);
    await repository.git('commit', '--quiet', '--allow-empty', '--message', 'another');
    expect(await refusal()).toMatch(
      /main of origin was moved: it has \w+ mine alone where the work tree has \w+ another/,
    );
    const bare = (...args: string[]): Promise<string> =>
      run('git', [
        '--git-dir',
        repository.remote,
        '-c',
        'user.name=other',
        '-c',
        'user.email=other@example.org',
        ...args,
      ]);
    const foreign = await bare('commit-tree', '-m', 'of somebody else', 'main^{tree}');
    await bare('update-ref', 'refs/heads/main', foreign);
    expect(await refusal()).toMatch(
      /which this clone hasn't got, and the work tree at \w+: somebody pushed, or moved it by force/,
    );
    await repository.git('push', '--quiet', '--force', 'origin', 'main');
    expect(await refusal({ branch: 'release' })).toMatch(/origin has no branch release/);
    expect(await refusal({ remote: 'upstream' })).toMatch(/No such remote 'upstream'|upstream/);
  });

  test('of a remote that wants a password ends at once, and the password is not told', async () => {
    await repository.git('remote', 'set-url', 'origin', 'http://me:geheim@127.0.0.1:9/shop.git');
    const words = await refusal();
    await repository.git('remote', 'set-url', 'origin', repository.remote);
    expect(words).toMatch(/git ls-remote failed/);
    expect(words).not.toContain('geheim');
  });

  test('of a swarm where somebody changed a service by hand is refused, with the change', async () => {
    await docker(
      old,
      'service',
      'update',
      '--quiet',
      '--detach',
      '--env-add',
      'GREETING=hello',
      '--replicas',
      '2',
      'shop_web',
    );
    await docker(
      old,
      'service',
      'create',
      '--quiet',
      '--detach',
      '--label',
      'com.docker.stack.namespace=shop',
      '--name',
      'shop_extra',
      '--replicas',
      '0',
      old.imageOf('toolbox'),
    );
    await docker(old, 'service', 'rm', 'shop_batch');
    const words = await refusal();
    expect(words).toMatch(/what runs is not what \w+ makes: /);
    expect(words).toMatch(
      /shop_web\.TaskTemplate\.ContainerSpec\.Env: was .*GREETING=\$\{GREETING\}.*, is .*GREETING=hello/,
    );
    expect(words).toMatch(/shop_web\.Mode\.Replicated\.Replicas: was nothing, is 2/);
    expect(words).toMatch(/the service shop_extra is in no compose file/);
    expect(words).toMatch(/the service shop_batch does not run/);
    await docker(old, 'service', 'rm', 'shop_extra');
    await deploy(old);
    expect(await refusal()).toBe('it was backed up');
  });

  test('of a commit that was never deployed is refused, down to a byte of a config and a subnet', async () => {
    await repository.commit({
      'shop/settings.json': '{ "title": "shop2" }\n',
      'shop/stack.yml': FILES['shop/stack.yml'].replace('10.78.0.0/24', '10.79.0.0/24'),
    });
    const words = await refusal();
    expect(words).toMatch(/the config shop_settings: its bytes differ/);
    expect(words).toMatch(/the network shop_front\.Subnets: was \["10.79.0.0\/24"\], is \["10.78.0.0\/24"\]/);
    await repository.commit({
      'shop/settings.json': FILES['shop/settings.json'],
      'shop/stack.yml': FILES['shop/stack.yml'],
    });
  });

  test('of compose files that are not valid, or that name a file that no commit has, is refused in the words of the CLI', async () => {
    await repository.commit({
      'shop/production.yml': "version: '3.8'\nservices: { agent: { replicas: 3 } }\n",
    });
    expect(await refusal()).toMatch(
      /the compose files are not valid[^]*Additional property replicas is not allowed/,
    );
    await repository.commit({
      'shop/production.yml': "version: '3.8'\nservices: { agent: { env_file: [gone.env] } }\n",
    });
    expect(await refusal()).toMatch(/the compose files are not valid[^]*gone\.env: no such file/);
    await repository.commit({ 'shop/production.yml': FILES['shop/production.yml'] });
  });
});

describe('a restore', () => {
  const bundleOnly = { from: 'bundle', because: expect.any(String) };
  let claim: ArtifactMetadata;
  let kept: Shelf;

  beforeAll(async () => {
    ({ claim, kept } = await backup());
    await docker(fresh, 'network', 'create', '--driver', 'overlay', 'shared');
  });
  /** The fresh swarm without the stack and its secret. */
  async function emptied(): Promise<void> {
    await docker(fresh, 'stack', 'rm', 'shop').catch(() => undefined);
    await waitUntil('the stack to go', async () => {
      // Not before the last task that uses it is gone.
      await docker(fresh, 'secret', 'rm', 'shop_token').catch(() => undefined);
      const left = [
        ...(await names(fresh)),
        await docker(fresh, 'secret', 'ls', '--format', '{{.Name}}'),
        await docker(fresh, 'network', 'ls', '--format', '{{.Name}}'),
      ].join(' ');
      return left.includes('shop') ? { notYet: left } : { done: true };
    });
  }
  beforeEach(emptied);
  const restore = (more: object = {}) =>
    gitStack.restore(kept.opened(claim), {
      swarm: fresh,
      secrets: sealedFor({ shop_token: TOKEN }),
      ...more,
    });
  const refused = async (more: object = {}): Promise<string> => {
    const words = await restore(more).then(() => 'it was restored', described);
    expect(await names(fresh)).toEqual([]);
    expect((await docker(fresh, 'secret', 'ls', '--quiet')).trim()).toBe('');
    return words;
  };

  test('deploys the recorded commit, though the remote has gone on, and the task reads its secret', async () => {
    await repository.commit({ 'shop/web.env': 'FROM_FILE=later\n' });
    const redeployed = await restore();
    expect(redeployed).toEqual({
      commit: claim['commit'],
      origin: { from: 'remote' },
      services: ['shop_agent', 'shop_batch', 'shop_web'],
      secrets: ['shop_token'],
    });
    await fresh.converged();
    const { node, id } = await fresh.taskContainer('shop_web');
    const read = async (...argv: string[]): Promise<string> =>
      (await bytesOf(await startProcess(node.docker, id, argv))).bytes.toString();
    expect(await read('cat', '/run/secrets/the-token')).toBe(TOKEN.toString());
    expect(await read('cat', '/settings')).toBe(FILES['shop/settings.json']);
    expect(await read('sh', '-c', 'echo "$GREETING $FROM_FILE"')).toBe('good day yes\n');
    const [secret] = (await node.docker.listSecrets()) as { Spec: unknown }[];
    expect(secret?.Spec).toMatchObject({ Name: 'shop_token', Labels: { keeper: 'ops' } });
    expect((await node.exec(['ls', '/tmp'])).trim()).toBe('');
  });

  test('brings back a service that was taken away by mistake, and needs no sealed secrets where they are still there', async () => {
    await restore();
    await docker(fresh, 'service', 'rm', 'shop_web');
    const { secrets } = await restore({ secrets: never });
    expect(secrets).toEqual([]);
    expect(await names(fresh)).toEqual(['shop_agent', 'shop_batch', 'shop_web']);
  });

  test('of a commit that the remote lost by a forced push comes from the bundle, and says so', async () => {
    await repository.git('checkout', '--quiet', '--orphan', 'rewritten');
    await repository.git('commit', '--quiet', '--allow-empty', '--message', 'another history');
    await repository.git('push', '--quiet', '--force', 'origin', 'rewritten:main');
    const { origin, commit } = await restore();
    expect(origin).toEqual(bundleOnly);
    expect(origin).toMatchObject({
      because: expect.stringMatching(
        /main of the remote was moved by force: it is at \w+ and doesn't have the commit/,
      ),
    });
    expect(commit).toBe(claim['commit']);
    await repository.git('checkout', '--quiet', 'main');
    await repository.git('push', '--quiet', '--force', 'origin', 'main');
  });

  test('of a remote that is gone comes from the bundle; with the bundle cut, it is refused with both reasons', async () => {
    await rename(repository.remote, `${repository.remote}.gone`);
    expect((await restore()).origin).toEqual(bundleOnly);
    await emptied();
    const bundle = kept.path('repository.bundle');
    const whole = await readFile(bundle);
    for (const length of [Math.floor((await stat(bundle)).size / 2), 0]) {
      await truncate(bundle, length);
      expect(await refused()).toMatch(
        /the commit \w+ can't be had any more: main can't be fetched from the remote .*; and of the bundle in the vault: git/,
      );
      await writeFile(bundle, whole);
    }
    await rename(`${repository.remote}.gone`, repository.remote);
  });

  test('without the value of a secret, or with another identity, is refused before anything is created', async () => {
    expect(await refused({ secrets: sealedFor({}) })).toMatch(
      /the secret shop_token has no value in the sealed file/,
    );
    const { identity } = await createAgeIdentity();
    expect(await refused({ secrets: sealedFor({ shop_token: TOKEN }, identity) })).toMatch(
      /sealed for another one/,
    );
  });

  test('where an external network is missing is refused before anything is created', async () => {
    await docker(fresh, 'network', 'rm', 'shared');
    expect(await refused()).toMatch(/there is no network shared/);
    await docker(fresh, 'network', 'create', '--driver', 'overlay', 'shared');
  });

  test('of a record that was cut or changed is refused', async () => {
    const path = kept.path('stack.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, 100));
    expect(await refused()).toMatch(/record of the stack can't be used: it is no whole JSON/);
    await writeFile(path, text.replace('good day', 'bad day'));
    expect(await refused()).toMatch(/its services are not those that were recorded/);
    await writeFile(path, text);
  });

  test('that ends otherwise than was recorded is a failure: one service too many, or another text of the compose files', async () => {
    await docker(
      fresh,
      'service',
      'create',
      '--quiet',
      '--detach',
      '--label',
      'com.docker.stack.namespace=shop',
      '--name',
      'shop_extra',
      '--replicas',
      '0',
      fresh.imageOf('toolbox'),
    );
    expect(await restore().then(() => 'it was restored', described)).toMatch(
      /the stack is not what was recorded: shop_extra: was nothing, is /,
    );
    await emptied();
    const target = { swarm: fresh, secrets: sealedFor({ shop_token: TOKEN }) };
    const altered = kept.opened({ ...claim, rendered: 'another' });
    await expect(gitStack.restore(altered, target)).rejects.toMatchObject({ code: 'other-rendering' });
    expect(await names(fresh)).toEqual([]);
  });

  test('that the engine refuses half-way says what was made', async () => {
    await docker(
      fresh,
      'service',
      'create',
      '--quiet',
      '--detach',
      '--name',
      'squatter',
      '--publish',
      '8091:80',
      fresh.imageOf('toolbox'),
      'sleep',
      'infinity',
    );
    const words = await restore().then(() => 'it was restored', described);
    await docker(fresh, 'service', 'rm', 'squatter');
    expect(words).toMatch(/docker stack deploy did not take the stack shop/);
    expect(words).toMatch(/Made secret shop_token/);
    expect(words).toMatch(/Creating network shop_front/);
    expect(words).toMatch(/port '8091' is already in use/);
  });
});

test('at the vault: the branch is pushed to its own account over ssh, and comes back from there; a rewritten history is not taken', async () => {
  await repository.git('checkout', '--quiet', 'main');
  await repository.git('reset', '--quiet', '--hard', 'HEAD');
  await deploy(old);
  await old.converged();
  const artifacts: ArtifactFact[] = [];
  const vault = await Vault.open(old.site, scope, (artifact) => artifacts.push(artifact));
  const kept = await vault.keep(gitStackAtVault, source);
  expect(artifacts.map(({ name, encrypted }) => [name, encrypted])).toContainEqual([
    `${kept.name}/git`,
    false,
  ]);
  const target = { swarm: old, secrets: never };
  expect(await kept.restoreInto(target)).toMatchObject({
    commit: await repository.git('rev-parse', 'HEAD'),
    origin: { from: 'remote' },
  });
  const left = await docker(old, 'ps', '--all', '--quiet', '--filter', `ancestor=${old.imageOf('tools')}`);
  expect(left).toBe('');
  await repository.git('commit', '--quiet', '--amend', '--allow-empty', '--message', 'rewritten');
  await expect(vault.keep(gitStackAtVault, source)).rejects.toMatchObject({
    code: 'history-rewritten',
    output: expect.stringMatching(/non-fast-forward|rejected/),
  });
});
