// Valkey's two ways of backup on a real server: what they bring back after its volume is gone, and what they say when they can't.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sessions, type Sessions } from '../../fixtures/sessions/sessions.ts';
import { runSidecar, outputOrThrow } from '../../src/method/container/sidecar.ts';
import { fillDirectory, type DataDirectory } from '../../src/method/container/data-directory.ts';
import { restoreIntoEmptyVolume } from '../../src/method/container/empty-volume.ts';
import type { ArtifactMetadata } from '../../src/model/method.ts';
import { valkeyAof } from '../../src/method/valkey/aof.ts';
import { valkeyRdb } from '../../src/method/valkey/rdb.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { traced } from '../../src/support/trace.ts';
import { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { shelf, type Shelf } from '../support/shelf.ts';

const scope = new Scope();
let swarm: Swarm;
let store: Sessions;
let contents: Awaited<ReturnType<Sessions['contents']>>;

beforeAll(async () => {
  const site = await Site.open({ lab: inject('lab'), run: `kv-${process.pid}`, drill: 'methods', scope });
  swarm = await site.startSwarm({ managers: 1, workers: 0 });
  store = await sessions.deploy(swarm, { seed: 'valkey', size: 'small' });
  contents = await store.contents();
});
afterAll(() => scope[Symbol.asyncDispose]());

const volume = (name: string): Volume => ({ swarm, node: swarm.nodes[0] as never, name });
const finding = (code: string) => ({ name: 'DrillError', blame: 'finding', code });
const failure = async (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('it went well');
    },
    (error: unknown) => error,
  );

async function inVolume({ node, name }: Volume, script: string): Promise<string> {
  const argv = ['sh', '-euc', `cd /volume\n${script}`];
  const image = swarm.imageOf('toolbox');
  return outputOrThrow(
    'sh',
    node,
    'test',
    await runSidecar(node, { image, user: '0:0', argv, volumes: { [name]: '/volume' } }),
  );
}

/** The server away from its node, and its volume gone. */
async function lose(): Promise<void> {
  const manager = await swarm.manager();
  await swarm.label('manager-1', { sessions: 'nowhere' });
  const remove = `docker ps -aq --filter volume=sessions_store | xargs -r docker rm -f; docker volume rm -f sessions_store`;
  await waitUntil('the volume to be gone', async () => {
    await manager.exec(['sh', '-euc', remove]);
    return { done: true };
  });
}

async function startAgain(): Promise<void> {
  await swarm.label('manager-1', { sessions: 'store' });
  await swarm.converged();
}

/** What of the checks differs, by the name of the check. */
async function differences(): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const check of store.checks(contents)) {
    const seen = await check.observe();
    if (!('compared' in seen)) throw new Error(seen.unproven);
    expect(seen.compared, check.name).toBeGreaterThan(0);
    if (seen.differences.length > 0) found[check.name] = seen.differences;
  }
  return found;
}

test('the workload has keys of every type, binary names, and ends', () => {
  const types = Object.values(contents.values).map((value) => String(value).split(' ')[0]);
  expect([...new Set(types)].sort()).toEqual(['hash', 'list', 'set', 'stream', 'string', 'zset']);
  expect(Object.keys(contents.values).filter((name) => name.startsWith('0x')).length).toBeGreaterThan(100);
  expect(Object.keys(contents.ends).length).toBeGreaterThan(500);
});

for (const method of [valkeyRdb(), valkeyAof()])
  test(`${method.name}: keys, values and ends come back, and the server that keeps an AOF really uses them`, async () => {
    await using place = await shelf();
    const server = await store.server();
    const [held] = await server.send(['DBSIZE']);
    const claim = await method.backup(store, place.deposit);
    const [, password] = /requirepass (\S+)/.exec(await secretSettings()) ?? [];
    expect(password).toMatch(/.{20}/);
    expect(JSON.stringify(claim)).not.toContain(password);
    await server.send(['SET', 'write:afterwards', 'x']);
    await lose();
    const { keys } = await method.restore(place.opened(claim), volume('sessions_store'));
    expect(keys).toBe(held);
    await startAgain();
    expect(await differences()).toEqual({});
    expect(await (await store.server()).settings('appendonly')).toEqual({ appendonly: 'yes' });
    expect(await store.present(['afterwards'])).toEqual([]);
    // What it has it also keeps.
    const { node, id } = await swarm.taskContainer(store.service);
    await node.docker.getContainer(id).kill();
    await swarm.converged();
    expect(await differences()).toEqual({});
  });

const secretSettings = async (): Promise<string> => {
  const { node, id } = await swarm.taskContainer(store.service);
  return node.exec(['docker', 'exec', id, 'cat', '/run/secrets/store.conf']);
};

test('a snapshot that is only put beside the AOF is ignored, and the checks see it', async () => {
  await using place = await shelf();
  const claim = await valkeyRdb().backup(store, place.deposit);
  await lose();
  await restoreIntoEmptyVolume(volume('sessions_store'), claim, () =>
    fillDirectory(volume('sessions_store'), claim as DataDirectory, place.opened(claim).open('dump.rdb'), [
      'dd',
      'of=dump.rdb',
    ]),
  );
  await startAgain();
  expect((await store.server().then((server) => server.send(['PING'])))[0]).toBe('PONG');
  expect(Object.keys(await differences())).toEqual([
    'same keys and values',
    'keys expire when they would have',
  ]);
  await lose();
  await valkeyRdb().restore(place.opened(claim), volume('sessions_store'));
  await startAgain();
});

/** What comes of a restore into a volume that no service knows. */
async function attempt(
  method: ReturnType<typeof valkeyRdb>,
  place: Shelf,
  claim: ArtifactMetadata,
): Promise<unknown> {
  const result = await method.restore(place.opened(claim), volume('try')).catch((error: unknown) => error);
  const left = await inVolume(volume('try'), 'find . -mindepth 1');
  if (result instanceof Error) expect(left).toBe('');
  await swarm.nodes[0]?.exec(['docker', 'volume', 'rm', '--force', 'try']);
  return result;
}

test('a snapshot that was cut or changed is refused in the words of the server', async () => {
  await using place = await shelf();
  const claim = await valkeyRdb().backup(store, place.deposit);
  const whole = await readFile(place.path('dump.rdb'));

  const flipped = Buffer.from(whole);
  const at = flipped.indexOf('large:hash:1') + 30;
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
  await writeFile(place.path('dump.rdb'), flipped);
  expect(await attempt(valkeyRdb(), place, claim)).toMatchObject({
    ...finding('not-loaded'),
    output: expect.stringMatching(/Wrong RDB checksum|Internal error in RDB|Unexpected EOF/),
  });

  await writeFile(place.path('dump.rdb'), whole.subarray(0, whole.length / 2));
  expect(await attempt(valkeyRdb(), place, claim)).toMatchObject({
    ...finding('not-loaded'),
    output: expect.stringContaining('Unexpected EOF reading RDB file'),
  });

  await writeFile(place.path('dump.rdb'), '');
  expect(await attempt(valkeyRdb(), place, claim)).toMatchObject(finding('not-loaded'));
});

test('a set with a file missing, or cut, is refused in the words of the server or of tar', async () => {
  await using place = await shelf();
  const claim = await valkeyAof().backup(store, place.deposit);
  const names = (await execa('tar', ['-tf', place.path('aof.tar')])).stdout.split('\n');
  expect(names.map((name) => name.split('.').slice(-2).join('.')).sort()).toEqual([
    'aof.manifest',
    'base.rdb',
    'incr.aof',
  ]);
  await truncate(place.path('aof.tar'), (await readFile(place.path('aof.tar'))).length / 2);
  expect(await attempt(valkeyAof(), place, claim)).toMatchObject({
    ...finding('tar-failed'),
    output: expect.stringContaining('Unexpected EOF in archive'),
  });

  await valkeyAof().backup(store, place.deposit);
  const base = names.find((name) => name.endsWith('base.rdb')) ?? '';
  await execa('tar', ['--delete', '--file', place.path('aof.tar'), base]);
  expect(await attempt(valkeyAof(), place, claim)).toMatchObject({
    ...finding('not-loaded'),
    output: expect.stringMatching(/[Ff]ail.*base\.rdb|base\.rdb.*No such file|exist/),
  });
});

/** More than fits between a server and whoever reads its files. */
const MANY = "for i = 1, 30 do redis.call('SET', 'big:' .. i, string.rep('x', 1048576)) end";
const bigKeys = Array.from({ length: 31 }, (_, index) => `big:${index + 1}`);
const REWRITES = 'auto-aof-rewrite-percentage';

/** A deposit during which something happens: after the first bytes, before the rest. */
const during = (place: Shelf, happens: () => Promise<unknown>) => ({
  ...place.deposit,
  put: (file: string, content: Readable) =>
    place.deposit.put(
      file,
      content.compose(async function* (chunks: AsyncIterable<Buffer>) {
        let begun = false;
        for await (const chunk of chunks) {
          if (!begun) await happens();
          begun = true;
          yield chunk;
        }
      }) as unknown as Readable,
    ),
});

test('an AOF that grows under the copy is whole as far as it goes; one that is rewritten is not taken', async () => {
  const server = await store.server();
  await server.send(['CONFIG', 'SET', REWRITES, '77'], ['EVAL', MANY, '0']);

  await using place = await shelf();
  const claim = await valkeyAof().backup(
    store,
    during(place, async () => {
      expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '0' });
      await server.send(['SET', 'big:31', 'later'], ['EVAL', MANY, '0']);
    }),
  );
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
  const [held] = (await server.send(['DBSIZE'])) as [number];
  expect(await attempt(valkeyAof(), place, claim)).toEqual({ keys: held - 1 });

  const rewritten = valkeyAof().backup(
    store,
    during(place, async () => {
      await server.send(['BGREWRITEAOF']);
      await waitUntil('the rewrite', async () =>
        (await server.info('persistence'))['aof_rewrite_in_progress'] === '0'
          ? { done: true }
          : { notYet: 'it runs' },
      );
    }),
  );
  expect(await failure(rewritten)).toMatchObject(finding('aof-moved'));
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
  await server.send(['CONFIG', 'SET', REWRITES, '100'], ['DEL', ...bigKeys]);
});

/** A deposit that breaks after the first bytes. */
const refusing = (place: Shelf, first: () => Promise<unknown> = async () => {}) =>
  during(place, async () => {
    await first();
    throw Object.assign(new Error('the disk is full'), finding('vault-refused'));
  });

/** How long the server pauses after each key that it writes into a file. */
const pauseAfterKeys = async (microseconds: number): Promise<void> => {
  await (await store.server()).send(['CONFIG', 'SET', 'rdb-key-save-delay', String(microseconds)]);
};

test('a snapshot or a rewrite that already runs is waited for, and is not what is kept', async () => {
  const server = await store.server();
  for (const [method, command, state] of [
    [valkeyRdb(), 'BGSAVE', 'rdb_bgsave_in_progress'],
    [valkeyAof(), 'BGREWRITEAOF', 'aof_rewrite_in_progress'],
  ] as const) {
    await using place = await shelf();
    await pauseAfterKeys(3000);
    await server.send([command]);
    await pauseAfterKeys(0);
    expect(await server.info('persistence')).toMatchObject({ [state]: '1' });
    await server.send(['SET', 'big:1', 'written while it ran']);
    const claim = await method.backup(
      store,
      during(place, async () => expect(await server.info('persistence')).toMatchObject({ [state]: '0' })),
    );
    const [held] = await server.send(['DBSIZE']);
    expect(await attempt(method, place, claim), method.name).toEqual({ keys: held });
    await server.send(['DEL', ...bigKeys]);
  }
});

const owedLabels = async (): Promise<string[]> => {
  const { docker } = await swarm.manager();
  const { Spec } = (await docker.getService(store.service).inspect()) as {
    Spec: { Labels: Record<string, string> };
  };
  return Object.keys(Spec.Labels).filter((name) => name.startsWith('swarm-drill.'));
};

test('a vault that refuses half-way, and a drill that is stopped meanwhile, leave the server as it was', async () => {
  const server = await store.server();
  await server.send(['CONFIG', 'SET', REWRITES, '77']);
  const { id } = await swarm.taskContainer(store.service);
  await using place = await shelf();
  expect(await failure(valkeyAof().backup(store, refusing(place)))).toMatchObject(finding('vault-refused'));
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });

  const stop = new AbortController();
  const silent = { stepStarted() {}, stepEnded() {}, waiting() {} };
  const stopped = traced(silent, stop.signal, () =>
    valkeyAof().backup(
      store,
      refusing(place, async () => stop.abort(new Error('stopped'))),
    ),
  );
  expect(await failure(stopped)).toBeInstanceOf(Error);
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
  expect(await owedLabels()).toEqual([]);
  expect(await swarm.taskContainer(store.service)).toMatchObject({ id });
});

test('a server that lives and does not take its setting back is told of, after the first cause; the next backup does it', async () => {
  const server = await store.server();
  const refuseSettings = () => server.send(['ACL', 'SETUSER', 'default', '-config|set']);
  await using place = await shelf();
  const both = await failure(valkeyAof().backup(store, refusing(place, refuseSettings)));
  expect(both).toMatchObject({
    ...finding('rewrites-off'),
    message: expect.stringMatching(/^the disk is full; and then .* be restored to 77: .*NOPERM/),
    hint: expect.stringContaining(`CONFIG SET ${REWRITES} 77`),
  });
  await server.send(['ACL', 'SETUSER', 'default', '+@all']);
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '0' });
  await valkeyAof().backup(store, place.deposit);
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });

  const alone = await failure(valkeyAof().backup(store, during(place, refuseSettings)));
  expect(alone).toMatchObject(finding('rewrites-off'));
  await server.send(['ACL', 'SETUSER', 'default', '+@all']);
  await valkeyAof().backup(store, place.deposit);
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
});

test('the backup after one that was killed half-way puts back what the server had before both', async () => {
  const server = await store.server();
  await using place = await shelf();
  const { id } = await swarm.taskContainer(store.service);
  const halfWay = Promise.withResolvers<unknown>();
  const released = Promise.withResolvers<unknown>();
  // One that was killed says nothing any more; here it only hangs.
  const killed = valkeyAof().backup(
    store,
    refusing(place, () => {
      halfWay.resolve(true);
      return released.promise;
    }),
  );
  await halfWay.promise;
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '0' });
  expect(await owedLabels()).toHaveLength(1);
  await using other = await shelf();
  await valkeyAof().backup(store, other.deposit);
  expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
  expect(await owedLabels()).toEqual([]);
  expect(await swarm.taskContainer(store.service)).toMatchObject({ id });
  released.resolve(true);
  expect(await failure(killed)).toMatchObject(finding('vault-refused'));
  await server.send(['CONFIG', 'SET', REWRITES, '100']);
});

test('a server that is killed under the backup is a finding, and runs again', async () => {
  for (const method of [valkeyRdb(), valkeyAof()]) {
    await using place = await shelf();
    await (await store.server()).send(['CONFIG', 'SET', 'rdbcompression', 'no'], ['EVAL', MANY, '0']);
    const { node, id } = await swarm.taskContainer(store.service);
    const killed = during(place, () => node.docker.getContainer(id).kill());
    expect(await failure(method.backup(store, killed)), method.name).toMatchObject(finding('interrupted'));
    await swarm.converged();
    await (await store.server()).send(['DEL', ...bigKeys]);
    expect(await differences()).toEqual({});
  }
});

test('a server that can not save, keeps no AOF or does not run is a finding', async () => {
  await using place = await shelf();
  const server = await store.server();
  await inVolume(volume('sessions_store'), 'chown 0:0 . && chmod 755 .');
  expect(await failure(valkeyRdb().backup(store, place.deposit))).toMatchObject({
    ...finding('save-failed'),
    output: expect.stringContaining('Permission denied'),
  });
  await inVolume(volume('sessions_store'), 'chown 999:999 . && chmod 1777 .');
  await valkeyRdb().backup(store, place.deposit);
  expect(await differences()).toEqual({});

  await server.send(['FLUSHALL']);
  for (const method of [valkeyRdb(), valkeyAof()])
    expect(await failure(method.backup(store, place.deposit))).toMatchObject(finding('empty-server'));
  await server.send(['SET', 'one', '1']);

  await server.send(['CONFIG', 'SET', 'appendonly', 'no']);
  expect(await failure(valkeyAof().backup(store, place.deposit))).toMatchObject(finding('aof-off'));
  const wrongPassword = { swarm, service: store.service, passwordFile: '/run/secrets/store.conf' };
  expect(await failure(valkeyRdb().backup(wrongPassword, place.deposit))).toMatchObject({
    ...finding('refused'),
    message: expect.stringContaining('WRONGPASS'),
  });

  // Without an AOF the server loads its snapshot: that is what comes back then.
  const single = await valkeyRdb().backup(store, place.deposit);
  expect(single).toMatchObject({ appendonly: 'no', keys: 1 });
  await lose();
  expect(await valkeyRdb().restore(place.opened(single), volume('sessions_store'))).toEqual({ keys: 1 });
  expect(await inVolume(volume('sessions_store'), 'ls')).toBe('dump.rdb\n');
  for (const method of [valkeyRdb(), valkeyAof()])
    expect(await failure(method.backup(store, place.deposit))).toMatchObject(finding('not-running'));
});
