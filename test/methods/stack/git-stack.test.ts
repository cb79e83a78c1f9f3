// Git stack: the backup accepts only a running stack that matches a pushed commit, and the restore deploys exactly that commit.
import { readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { bytesOf } from '../../../src/lab/engine/process.ts';
import {
  gitStack,
  type StackSource,
  type StackTarget,
} from '../../../src/method/stack/git-stack/git-stack.ts';
import type { ArtifactMetadata } from '../../../src/model/method.ts';
import {
  createAgeIdentity,
  sealSecrets,
  type SealedSecrets,
} from '../../../src/method/stack/sealed-secrets.ts';
import { describeError as described } from '../../../src/support/errors.ts';
import { runProgram } from '../../../src/support/command.ts';
import { Scope } from '../../../src/support/scope.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { createGitRepository, type GitRepository } from '../../support/git-repository.ts';
import { openArtifactStore, type ArtifactStore } from '../../support/artifact-store.ts';

const scope = new Scope();
const method = gitStack();
let old: Swarm;
let fresh: Swarm;
let repository: GitRepository;
let source: StackSource;
let keys: { readonly identity: string; readonly recipient: string };
/** The commit that is deployed on the old swarm. */
let deployedCommit: string;

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
    volumes: ['data:/data', 'archive:/archive', '/tmp:/host-tmp:ro', './html:/srv/html:ro']
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
volumes: { data: , archive: { external: true, name: company_archive } }
secrets: { token: { external: true, name: shop_token } }
configs: { settings: { file: ./settings.json } }
`,
  'shop/production.yml': `
version: '3.8'
services:
  agent: { deploy: { restart_policy: { delay: 2s } } }
  batch: { image: "\${TOOLBOX_IMAGE}", command: ['false', 'true'], networks: [front], deploy: { replicas: 0 } }
`,
  'shop/web.env': 'FROM_FILE=yes\n',
  'shop/html/index.html': 'welcome\n',
  'shop/settings.json': '{ "title": "shop" }\n',
} as const;

const sealedFor = (values: Record<string, Buffer>, identity = keys.identity): SealedSecrets => ({
  sealed: () => sealSecrets(new Map(Object.entries(values)), keys.recipient),
  identity: () => Promise.resolve(identity),
});
const unreadable: SealedSecrets = {
  sealed: () => Promise.reject(new Error('the sealed secrets were read')),
  identity: () => Promise.reject(new Error('the identity was read')),
};
const docker = async (swarm: Swarm, command: string, ...args: string[]): Promise<string> =>
  (await swarm.manager()).exec(['docker', ...command.split(' '), ...args]);
const git = (command: string): Promise<string> => repository.git(...command.split(' '));
/** Deploys the current commit as a person would, with `docker stack deploy`. */
async function deploy(swarm: Swarm): Promise<void> {
  const manager = await swarm.manager();
  const tar = `${repository.directory}.tar`;
  await runProgram('git', ['-C', repository.directory, 'archive', '--output', tar, 'HEAD']);
  await manager.exec(
    [
      'sh',
      '-euc',
      'rm -rf /srv/tree; mkdir -p /srv/tree; cd /srv/tree; tar -x; cd shop; set -a; . ./.env; docker stack deploy --resolve-image never --detach=true -c stack.yml -c production.yml shop',
    ],
    { input: await readFile(tar) },
  );
}
/** A service that belongs to the stack by its label, and is in no compose file. */
const createExtraService = (swarm: Swarm): Promise<string> =>
  docker(
    swarm,
    'service create --quiet --detach --label com.docker.stack.namespace=shop --name shop_extra --replicas 0',
    swarm.imageOf('toolbox'),
  );
async function backUp(
  more: Partial<StackSource> = {},
): Promise<{ metadata: ArtifactMetadata; kept: ArtifactStore }> {
  const kept = await openArtifactStore();
  scope.defer('a shelf', async () => kept[Symbol.asyncDispose]());
  return { metadata: await method.backup({ ...source, ...more }, kept.writer), kept };
}
/** Returns the error of a backup, as a terminal shows it. */
const backupError = (more: Partial<StackSource> = {}): Promise<string> =>
  backUp(more).then(() => 'no error', described);
const serviceNames = async (swarm: Swarm): Promise<string[]> =>
  (await docker(swarm, 'service ls --format {{.Name}}')).trim().split('\n').filter(Boolean).sort();

beforeAll(async () => {
  keys = await createAgeIdentity();
  const site = await Site.open({ lab: inject('lab'), run: `git-test-${process.pid}`, drill: 'old', scope });
  old = await Swarm.start(site, { managers: 1, workers: 0 });
  const next = await Site.open({ lab: inject('lab'), run: `git-test-${process.pid}`, drill: 'fresh', scope });
  fresh = await Swarm.start(next, { managers: 1, workers: 0 });
  const env = `# pinned here\nTOOLBOX_IMAGE=${old.imageOf('toolbox')}\nGREETING='good day'\n`;
  repository = await createGitRepository({ ...FILES, 'shop/.env': env });
  scope.defer('the repository', async () => repository[Symbol.asyncDispose]());
  deployedCommit = await git('rev-parse HEAD');
  source = {
    swarm: old,
    stack: 'shop',
    directory: `${repository.directory}/shop`,
    compose: ['stack.yml', './production.yml'],
    env: '.env',
  };
  await docker(old, 'network create --driver overlay shared');
  await docker(old, 'volume create company_archive');
  await (
    await old.manager()
  ).engine.secrets.create({
    Name: 'shop_token',
    Labels: { keeper: 'ops' },
    Data: TOKEN.toString('base64'),
  });
  await deploy(old);
  await old.converged();
});
afterAll(() => scope[Symbol.asyncDispose]());

/** Sets work tree and remote to the deployed commit, and removes what an earlier test left. */
async function resetRepository(): Promise<void> {
  await git('checkout --quiet --force main');
  await git(`reset --quiet --hard ${deployedCommit}`);
  await git('clean --quiet --force -d -x');
  await git('push --quiet --force origin main');
}
beforeEach(resetRepository);

describe('a backup', () => {
  test('records commit, remote, files and images', async () => {
    const { metadata, kept } = await backUp();
    expect(metadata).toMatchObject({
      stack: 'shop',
      commit: deployedCommit,
      branch: 'main',
      remote: { kind: 'work tree', address: repository.remote },
      prefix: 'shop/',
      env: '.env',
      files: 7,
      size: { services: 3, networks: 1, configs: 1, secrets: 0 },
      directory: '/srv/tree/shop',
      binds: ['html'],
      secretsInRepository: [],
    });
    expect(metadata['unpinned']).toHaveLength(3);
    expect(metadata['unpinned']).toEqual(
      expect.arrayContaining(
        ['shop_web', 'shop_agent', 'shop_batch'].map((service) => ({
          service,
          image: expect.stringMatching(/^swarm-drill\/toolbox:\w+$/),
        })),
      ),
    );
    expect(await readFile(kept.path('files.txt'), 'utf8')).toMatch(
      /^100644 blob [0-9a-f]{40}\tshop\/stack\.yml$/m,
    );
    const record = await readFile(kept.path('stack.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({
      external: {
        secrets: [{ Name: 'shop_token', Labels: { keeper: 'ops' } }],
        configs: [],
        networks: ['shared'],
        volumes: ['company_archive'],
      },
      networks: [{ Name: 'shop_front' }],
      configs: [{ Name: 'shop_settings', Digest: expect.any(String) }],
      secrets: [],
    });
    expect(record).not.toContain(TOKEN.toString());
    await runProgram('git', ['bundle', 'verify', kept.path('repository.bundle')], {
      cwd: repository.directory,
    });
  });

  test('changes nothing in the swarm or the work tree', async () => {
    const state = async (): Promise<string[]> => [
      await docker(old, 'service inspect shop_web shop_agent shop_batch --format {{.Version.Index}}'),
      await docker(old, 'config ls --quiet'),
      await docker(old, 'network ls --quiet'),
    ];
    const before = await state();
    await backUp();
    expect(await state()).toEqual(before);
    expect((await (await old.manager()).exec(['sh', '-c', 'ls /tmp'])).trim()).toBe('');
    expect(await git('status --porcelain')).toBe('');
  });

  test('refuses changed, new and removed files by name until they are reverted', async () => {
    await repository.write({ 'shop/web.env': 'FROM_FILE=no\n', 'shop/more.yml': '' });
    await rm(`${repository.directory}/shop/settings.json`);
    expect(await backupError()).toMatch(
      /the work tree differs from its commit \w+: D shop\/settings.json, M shop\/web.env, \?\? shop\/more.yml/,
    );
    await git('checkout --quiet -- shop/web.env shop/settings.json');
    await git('clean --quiet --force');
    expect(await backupError()).toBe('no error');
  });

  test('refuses a compose file that git ignores', async () => {
    await repository.write({ 'shop/ignored.yml': FILES['shop/production.yml'] });
    expect(await backupError({ compose: ['stack.yml', 'ignored.yml'] })).toMatch(
      /not in any commit: ignored.yml/,
    );
  });

  test('refuses an env file that no commit has', async () => {
    expect(await backupError({ env: 'nowhere.env' })).toMatch(/not in any commit: nowhere.env/);
  });

  test('refuses a directory without a repository', async () => {
    expect(await backupError({ directory: '/' })).toMatch(/not a git repository/);
  });

  test('refuses a shallow clone', async () => {
    const shallow = `${repository.directory}-shallow`;
    await runProgram('git', ['clone', '--quiet', '--depth=1', `file://${repository.remote}`, shallow]);
    // Git does not call the clone of a repository with one commit shallow.
    await writeFile(`${shallow}/.git/shallow`, `${deployedCommit}\n`);
    expect(await backupError({ directory: `${shallow}/shop` })).toMatch(/shallow clone/);
  });

  test('refuses a detached HEAD unless the branch is named', async () => {
    await git('checkout --quiet --detach');
    expect(await backupError()).toMatch(/on no branch/);
    expect(await backupError({ branch: 'main' })).toBe('no error');
  });

  test('refuses commits that are not pushed, and lists them', async () => {
    await git('commit --quiet --allow-empty --message unpushed');
    expect(await backupError()).toMatch(/origin does not have these commits of the work tree: \w+ unpushed/);
  });

  test('refuses a work tree that is behind its remote', async () => {
    await git('commit --quiet --allow-empty --message newer');
    await git('push --quiet origin main');
    await git('reset --quiet --hard HEAD~1');
    expect(await backupError()).toMatch(/main of origin is ahead of the work tree by \w+ newer/);
  });

  test('refuses a remote that has diverged', async () => {
    await git('commit --quiet --allow-empty --message theirs');
    await git('push --quiet origin main');
    await git('reset --quiet --hard HEAD~1');
    await git('commit --quiet --allow-empty --message ours');
    expect(await backupError()).toMatch(
      /main of origin has diverged: it has \w+ theirs, the work tree has \w+ ours/,
    );
  });

  test('refuses a remote whose commit is not in this clone', async () => {
    const bare = (...args: string[]): Promise<string> =>
      runProgram('git', [
        '--git-dir',
        repository.remote,
        '-c',
        'user.name=other',
        '-c',
        'user.email=other@example.org',
        ...args,
      ]);
    const foreign = await bare('commit-tree', '-m', 'from another clone', 'main^{tree}');
    await bare('update-ref', 'refs/heads/main', foreign);
    expect(await backupError()).toMatch(
      /main of origin is at \w+, which is not in this clone \(expected \w+\)[^]*Someone pushed to the branch/,
    );
  });

  test('refuses a remote without the branch', async () => {
    expect(await backupError({ branch: 'release' })).toMatch(/origin has no branch release/);
  });

  test('refuses a remote that does not exist', async () => {
    expect(await backupError({ remoteName: 'upstream' })).toMatch(/No such remote 'upstream'|upstream/);
  });

  test('fails at once when the remote asks for a password, and redacts the one in its address', async () => {
    onTestFinished(async () => {
      await repository.git('remote', 'set-url', 'origin', repository.remote);
    });
    await git('remote set-url origin http://me:geheim@127.0.0.1:9/shop.git');
    const message = await backupError();
    expect(message).toMatch(/^git ls-remote: /);
    expect(message).not.toContain('geheim');
  });

  test('refuses a service that was changed by hand until the commit is deployed again', async () => {
    onTestFinished(() => deploy(old));
    await docker(old, 'service update --quiet --detach --env-add GREETING=hello --replicas 2 shop_web');
    const message = await backupError();
    expect(message).toMatch(/stack shop differs from commit \w+: /);
    expect(message).toMatch(
      /shop_web\.TaskTemplate\.ContainerSpec\.Env: was .*GREETING=\$\{GREETING\}.*, is .*GREETING=hello/,
    );
    expect(message).toMatch(/shop_web\.Mode\.Replicated\.Replicas: was nothing, is 2/);
    await deploy(old);
    expect(await backupError()).toBe('no error');
  });

  test('refuses a command whose arguments were put in another order by hand', async () => {
    onTestFinished(() => deploy(old));
    await docker(old, 'service update --quiet --detach --args', 'true false', 'shop_batch');
    expect(await backupError()).toMatch(
      /shop_batch\.TaskTemplate\.ContainerSpec\.Args: was \["false", "true"\], is \["true", "false"\]/,
    );
  });

  test('refuses a bind mount of another directory than the commit has', async () => {
    onTestFinished(() => deploy(old));
    await docker(
      old,
      'service update --quiet --detach --mount-rm /srv/html --mount-add type=bind,source=/srv,target=/srv/html,readonly shop_web',
    );
    expect(await backupError()).toMatch(/shop_web\.TaskTemplate\.ContainerSpec\.Mounts: was .*shop\/html/);
  });

  test('refuses a mounted file of the work tree that was changed on the node', async () => {
    onTestFinished(() => deploy(old));
    await (await old.manager()).exec(['sh', '-c', 'echo by hand >/srv/tree/shop/html/index.html']);
    expect(await backupError()).toMatch(
      /manager-1: Files commit:\/shop\/html\/index.html and \/srv\/tree\/shop\/html\/index.html differ/,
    );
  });

  test('refuses a volume that was created with other options than the commit has', async () => {
    onTestFinished(async () => {
      await docker(old, 'volume rm shop_odd');
    });
    await docker(old, 'volume create --opt type=tmpfs --opt device=tmpfs shop_odd');
    await repository.commit({
      'shop/production.yml': FILES['shop/production.yml']
        .replace('networks: [front],', 'networks: [front], volumes: ["odd:/odd"],')
        .concat('volumes: { odd: }\n'),
    });
    expect(await backupError()).toMatch(
      /volume shop_odd on manager-1\.Options\.type: was nothing, is "tmpfs"/,
    );
  });

  test('refuses a service of the stack that is not in the compose files', async () => {
    onTestFinished(async () => {
      await docker(old, 'service rm shop_extra');
    });
    await createExtraService(old);
    expect(await backupError()).toMatch(/service shop_extra is not in the compose files/);
  });

  test('refuses a service that was removed by hand', async () => {
    onTestFinished(() => deploy(old));
    await docker(old, 'service rm shop_batch');
    expect(await backupError()).toMatch(/service shop_batch does not run/);
  });

  test('refuses a commit whose config differs in one byte from the deployed one', async () => {
    await repository.commit({ 'shop/settings.json': '{ "title": "shop2" }\n' });
    expect(await backupError()).toMatch(/config shop_settings: its bytes differ/);
  });

  test('refuses a commit with another subnet than the deployed one', async () => {
    await repository.commit({
      'shop/stack.yml': FILES['shop/stack.yml'].replace('10.78.0.0/24', '10.79.0.0/24'),
    });
    expect(await backupError()).toMatch(
      /network shop_front\.Subnets: was \["10.79.0.0\/24"\], is \["10.78.0.0\/24"\]/,
    );
  });

  test('refuses invalid compose files with the error of the docker CLI', async () => {
    await repository.commit({
      'shop/production.yml': "version: '3.8'\nservices: { agent: { replicas: 3 } }\n",
    });
    expect(await backupError()).toMatch(
      /^docker stack config: .*Additional property replicas is not allowed/,
    );
  });

  test('refuses compose files that name a missing file with the error of the docker CLI', async () => {
    await repository.commit({
      'shop/production.yml': "version: '3.8'\nservices: { agent: { env_file: [gone.env] } }\n",
    });
    expect(await backupError()).toMatch(/^docker stack config: .*gone\.env: no such file/);
  });
});

describe('a restore', () => {
  const fromBundle = { from: 'bundle', because: expect.any(String) };
  let metadata: ArtifactMetadata;
  let kept: ArtifactStore;

  beforeAll(async () => {
    await resetRepository();
    ({ metadata, kept } = await backUp());
    await docker(fresh, 'network create --driver overlay shared');
    await docker(fresh, 'volume create company_archive');
  });
  /** Removes the stack and its secret from the fresh swarm. */
  async function emptyFreshSwarm(): Promise<void> {
    await docker(fresh, 'stack rm shop').catch(() => undefined);
    await waitUntil('the stack to go', async () => {
      // The secret can be removed only after the last task that uses it.
      await docker(fresh, 'secret rm shop_token').catch(() => undefined);
      const left = [
        ...(await serviceNames(fresh)),
        await docker(fresh, 'secret ls --format {{.Name}}'),
        await docker(fresh, 'network ls --format {{.Name}}'),
      ].join(' ');
      return left.includes('shop') ? { notYet: left } : { done: true };
    });
  }
  beforeEach(emptyFreshSwarm);
  const restore = (more: Partial<StackTarget> = {}, changed: ArtifactMetadata = metadata) =>
    method.restore(kept.reader(changed), {
      swarm: fresh,
      secrets: sealedFor({ shop_token: TOKEN }),
      ...more,
    });
  /** Returns the error of a restore that must not have created anything. */
  const refusal = async (more: Partial<StackTarget> = {}): Promise<string> => {
    const message = await restore(more).then(() => 'no error', described);
    expect(await serviceNames(fresh)).toEqual([]);
    expect((await docker(fresh, 'secret ls --quiet')).trim()).toBe('');
    return message;
  };
  const removeRemote = async (): Promise<void> => {
    onTestFinished(() => rename(`${repository.remote}.gone`, repository.remote));
    await rename(repository.remote, `${repository.remote}.gone`);
  };

  test('deploys the recorded commit with its secret, though the remote has newer commits', async () => {
    await repository.commit({ 'shop/web.env': 'FROM_FILE=later\n' });
    const redeployed = await restore();
    expect(redeployed).toEqual({
      commit: deployedCommit,
      origin: { from: 'remote' },
      services: ['shop_agent', 'shop_batch', 'shop_web'],
      secrets: ['shop_token'],
    });
    await fresh.converged();
    const { node, id } = await fresh.taskContainer('shop_web');
    const read = async (...argv: string[]): Promise<string> =>
      (await bytesOf(await node.engine.containers.startProcess(id, argv))).bytes.toString();
    expect(await read('cat', '/run/secrets/the-token')).toBe(TOKEN.toString());
    expect(await read('cat', '/settings')).toBe(FILES['shop/settings.json']);
    expect(await read('sh', '-c', 'echo "$GREETING $FROM_FILE"')).toBe('good day yes\n');
    const [secret] = (await node.engine.secrets.list()) as { Spec: unknown }[];
    expect(secret?.Spec).toMatchObject({ Name: 'shop_token', Labels: { keeper: 'ops' } });
    expect(await read('cat', '/srv/html/index.html')).toBe(FILES['shop/html/index.html']);
    expect((await node.exec(['ls', '/tmp'])).trim()).toBe('');
  });

  test('refuses other files in the directory that a service mounts, and changes none of them', async () => {
    const manager = await fresh.manager();
    const script = 'mkdir -p /srv/tree/shop/html; echo "$1" >/srv/tree/shop/html/index.html';
    onTestFinished(async () => {
      await manager.exec(['rm', '-rf', '/srv/tree']);
    });
    await manager.exec(['sh', '-euc', script, 'sh', 'by hand']);
    expect(await refusal()).toMatch(/manager-1: Files .* and \/srv\/tree\/shop\/html\/index.html differ/);
    expect(await manager.exec(['cat', '/srv/tree/shop/html/index.html'])).toBe('by hand\n');
  });

  test('recreates a removed service, and reads no sealed secrets when the swarm has them', async () => {
    await restore();
    await docker(fresh, 'service rm shop_web');
    const { secrets } = await restore({ secrets: unreadable });
    expect(secrets).toEqual([]);
    expect(await serviceNames(fresh)).toEqual(['shop_agent', 'shop_batch', 'shop_web']);
  });

  test('takes a commit that the remote lost by a forced push from the bundle, and says why', async () => {
    await git('checkout --quiet --orphan rewritten');
    onTestFinished(async () => {
      await git('branch --quiet --delete --force rewritten');
    });
    await git('commit --quiet --allow-empty --message rewritten');
    await git('push --quiet --force origin rewritten:main');
    await git('checkout --quiet --force main');
    const { origin, commit } = await restore();
    expect(origin).toEqual(fromBundle);
    expect(origin).toMatchObject({
      because: expect.stringMatching(
        /main of the remote was force-pushed: it is at \w+, and the commit is not in its history/,
      ),
    });
    expect(commit).toBe(deployedCommit);
  });

  test('takes the commit from the bundle when the remote is gone', async () => {
    await removeRemote();
    expect((await restore()).origin).toEqual(fromBundle);
  });

  test.for([
    { state: 'cut in half', length: (size: number) => Math.floor(size / 2) },
    { state: 'empty', length: () => 0 },
  ])('refuses with both reasons when the remote is gone and the bundle is $state', async ({ length }) => {
    await removeRemote();
    const bundle = kept.path('repository.bundle');
    const whole = await readFile(bundle);
    onTestFinished(() => writeFile(bundle, whole));
    await truncate(bundle, length((await stat(bundle)).size));
    expect(await refusal()).toMatch(
      /commit \w+ is neither at the remote nor in the bundle: cannot fetch main from the remote .*; bundle: git/,
    );
  });

  test('refuses a missing value of a secret before anything is created', async () => {
    expect(await refusal({ secrets: sealedFor({}) })).toMatch(
      /no value for secret shop_token in the sealed file/,
    );
  });

  test('refuses another identity before anything is created', async () => {
    const { identity } = await createAgeIdentity();
    expect(await refusal({ secrets: sealedFor({ shop_token: TOKEN }, identity) })).toMatch(
      /encrypted for another identity/,
    );
  });

  test('refuses a missing external network before anything is created', async () => {
    onTestFinished(async () => {
      await docker(fresh, 'network create --driver overlay shared');
    });
    await docker(fresh, 'network rm shared');
    expect(await refusal()).toMatch(/no network shared/);
  });

  test('refuses a missing external volume, which the engine would create empty', async () => {
    onTestFinished(async () => {
      await docker(fresh, 'volume create company_archive');
    });
    await waitUntil('the volume to be free', async () => ({
      done: await docker(fresh, 'volume rm company_archive'),
    }));
    expect(await refusal()).toMatch(/no volume company_archive on any node/);
  });

  const onFresh = async (create: string, remove: string): Promise<void> => {
    onTestFinished(async () => {
      await docker(fresh, remove);
    });
    await docker(fresh, create);
  };

  test('refuses a local network with the name or the subnet of a network of the stack', async () => {
    await onFresh('network create shop_front', 'network rm shop_front');
    await onFresh('network create --subnet 10.78.0.128/25 squatter', 'network rm squatter');
    const message = await refusal();
    expect(message).toMatch(/network shop_front exists on manager-1 as a local network/);
    expect(message).toMatch(
      /subnet 10.78.0.0\/24 of network shop_front is taken by the local network squatter of manager-1/,
    );
  });

  test('refuses a network of another stack with the same name, and a config with other bytes', async () => {
    await onFresh('network create --driver overlay shop_front', 'network rm shop_front');
    await onFresh('config create shop_settings /etc/hostname', 'config rm shop_settings');
    const message = await refusal();
    expect(message).toMatch(/network shop_front exists and is not of the stack shop/);
    expect(message).toMatch(/config shop_settings: its bytes differ/);
  });

  test('refuses a volume that is another one than the stack defines', async () => {
    await docker(fresh, 'volume rm --force shop_data');
    await onFresh('volume create --opt type=tmpfs --opt device=tmpfs shop_data', 'volume rm shop_data');
    expect(await refusal()).toMatch(/volume shop_data on manager-1\.Options\.type: was nothing, is "tmpfs"/);
  });

  test.for(['services', 'networks', 'configs', 'secrets'])(
    'refuses an artifact whose metadata claims more %s than it holds',
    async (kind) => {
      const size = metadata['size'] as Record<string, number>;
      const claiming = { ...metadata, size: { ...size, [kind]: (size[kind] ?? 0) + 1 } };
      await expect(restore({}, claiming)).rejects.toThrow(
        new RegExp(`stack.json: expected \\d ${kind}, got \\d`),
      );
      expect(await serviceNames(fresh)).toEqual([]);
    },
  );

  test.for([
    { state: 'cut', change: (text: string) => text.slice(0, 100), reason: /stack\.json: invalid record/ },
    {
      state: 'changed',
      change: (text: string) => text.replace('good day', 'bad day'),
      reason: /stack\.json: its services differ from those that were backed up/,
    },
  ])('refuses a record that was $state', async ({ change, reason }) => {
    const path = kept.path('stack.json');
    const text = await readFile(path, 'utf8');
    onTestFinished(() => writeFile(path, text));
    await writeFile(path, change(text));
    expect(await refusal()).toMatch(reason);
  });

  test('fails when the restored stack has an extra service', async () => {
    await createExtraService(fresh);
    expect(await restore().then(() => 'no error', described)).toMatch(
      /stack shop differs from the record: service shop_extra is not in the record/,
    );
  });

  test('refuses compose files that the same docker CLI renders differently', async () => {
    await expect(restore({}, { ...metadata, rendered: 'another' })).rejects.toMatchObject({
      code: 'other-rendering',
    });
    expect(await serviceNames(fresh)).toEqual([]);
  });

  test('lists what was created when the engine refuses a service', async () => {
    onTestFinished(async () => {
      await docker(fresh, 'service rm squatter');
    });
    await docker(
      fresh,
      'service create --quiet --detach --name squatter --publish 8091:80',
      fresh.imageOf('toolbox'),
      'sleep',
      'infinity',
    );
    const message = await restore().then(() => 'no error', described);
    expect(message).toMatch(/^docker stack deploy: .*port '8091' is already in use/);
    expect(message).toMatch(/Created secret shop_token/);
    expect(message).toMatch(/Creating network shop_front/);
  });
});
