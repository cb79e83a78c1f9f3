// Backups of a real Valkey server: what they bring back after its volume is gone, and what is reported when they fail.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { sessions, type Sessions } from '../../../fixtures/sessions/sessions.ts';
import { fillDirectory } from '../../../src/method/container/data-directory.ts';
import { restoreIntoEmptyVolume } from '../../../src/method/container/empty-volume.ts';
import type { Volume } from '../../../src/method/container/volume.ts';
import { valkeyAof } from '../../../src/method/valkey/aof.ts';
import { valkeyRdb } from '../../../src/method/valkey/rdb.ts';
import type { KeyValueMetadata } from '../../../src/method/valkey/service.ts';
import type { ArtifactReader, ArtifactWriter } from '../../../src/model/method.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { Scope } from '../../../src/support/scope.ts';
import { withTrace } from '../../../src/support/trace.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import {
  failureOf,
  filesIn,
  finding,
  fullAfter,
  interruptedBy,
  runInVolume,
} from '../../support/method-lab.ts';
import { openArtifactStore, type ArtifactStore } from '../../support/artifact-store.ts';

const METHODS = { rdb: valkeyRdb(), aof: valkeyAof() };
type MethodName = keyof typeof METHODS;
const BOTH = Object.keys(METHODS) as MethodName[];

const scope = new Scope();
let swarm: Swarm;
let store: Sessions;
let contents: Awaited<ReturnType<Sessions['contents']>>;
let place: ArtifactStore;

beforeAll(async () => {
  const site = await Site.open({ lab: inject('lab'), run: `kv-${process.pid}`, drill: 'methods', scope });
  swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  store = await sessions.deploy(swarm, { seed: 'valkey', size: 'small' });
  contents = await store.contents();
});
beforeEach(async () => {
  place = await openArtifactStore();
});
afterEach(() => place[Symbol.asyncDispose]());
afterAll(() => scope[Symbol.asyncDispose]());

const volume = (name: string): Volume => ({ swarm, node: swarm.node('manager-1'), name });
const storeVolume = (): Volume => volume('sessions_store');

const backUp = async (name: MethodName, writer: ArtifactWriter = place.writer): Promise<ArtifactReader> =>
  place.reader(await METHODS[name].backup(store, writer));

/** Keeps the server away from its node and removes its volume. */
async function loseVolume(): Promise<void> {
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

async function killServer(): Promise<void> {
  const { node, id } = await swarm.taskContainer(store.service);
  await node.engine.containers.kill(id);
}

/** Returns what differs from the seeded contents, by the name of the check. */
async function differences(): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const check of store.checks(contents)) {
    const observed = await check.observe();
    if (!('compared' in observed)) throw new Error(observed.unproven);
    expect(observed.compared, check.name).toBeGreaterThan(0);
    if (observed.differences.length > 0) found[check.name] = observed.differences;
  }
  return found;
}

/** Restores into a volume of no service. @returns the result or the error */
async function attempt(name: MethodName, artifact: ArtifactReader): Promise<unknown> {
  const result = await METHODS[name].restore(artifact, volume('try')).catch((error: unknown) => error);
  if (result instanceof Error) expect(await filesIn(volume('try'))).toBe('');
  await swarm.nodes[0]?.exec(['docker', 'volume', 'rm', '--force', 'try']);
  return result;
}

test('the workload has keys of every type, binary names and expiry times', () => {
  const types = Object.values(contents.values).map((value) => String(value).split(' ')[0]);
  expect([...new Set(types)].sort()).toEqual(['hash', 'list', 'set', 'stream', 'string', 'zset']);
  expect(Object.keys(contents.values).filter((name) => name.startsWith('0x')).length).toBeGreaterThan(100);
  expect(Object.keys(contents.expiryTimes).length).toBeGreaterThan(500);
});

test.for(BOTH)(
  '%s restores keys, values and expiry times, and the server uses and keeps them',
  async (name) => {
    const server = await store.server();
    const [keysBefore] = await server.send(['DBSIZE']);
    const artifact = await backUp(name);
    const [, password] = /requirepass (\S+)/.exec(await secretSettings()) ?? [];
    expect(password).toMatch(/.{20}/);
    expect(JSON.stringify(artifact.metadata)).not.toContain(password);
    await server.send(['SET', 'write:late', 'x']);
    await loseVolume();
    const { keys } = await METHODS[name].restore(artifact, storeVolume());
    expect(keys).toBe(keysBefore);
    await startAgain();
    expect(await differences()).toEqual({});
    expect(await (await store.server()).settings('appendonly')).toEqual({ appendonly: 'yes' });
    expect(await store.present(['late'])).toEqual([]);
    await killServer();
    await swarm.converged();
    expect(await differences()).toEqual({});
  },
);

const secretSettings = async (): Promise<string> => {
  const { node, id } = await swarm.taskContainer(store.service);
  return node.exec(['docker', 'exec', id, 'cat', '/run/secrets/store.conf']);
};

test('the checks see that a server with an AOF ignores a snapshot in its directory', async () => {
  const artifact = await backUp('rdb');
  const metadata = artifact.metadata as unknown as KeyValueMetadata;
  await loseVolume();
  await restoreIntoEmptyVolume(storeVolume(), metadata, () =>
    fillDirectory(storeVolume(), metadata, artifact.open('dump.rdb'), ['dd', 'of=dump.rdb']),
  );
  await startAgain();
  expect((await (await store.server()).send(['PING']))[0]).toBe('PONG');
  expect(Object.keys(await differences())).toEqual(['keys and values match', 'key expiry matches']);
  await loseVolume();
  await METHODS.rdb.restore(artifact, storeVolume());
  await startAgain();
});

test('refuses a snapshot with a changed byte, with the log of the server', async () => {
  const artifact = await backUp('rdb');
  const snapshot = await readFile(place.path('dump.rdb'));
  const at = snapshot.indexOf('large:hash:1') + 30;
  snapshot.writeUInt8(snapshot.readUInt8(at) ^ 1, at);
  await writeFile(place.path('dump.rdb'), snapshot);
  expect(await attempt('rdb', artifact)).toMatchObject({
    ...finding('not-loaded'),
    output: expect.stringMatching(/Wrong RDB checksum|Internal error in RDB|Unexpected EOF/),
  });
});

test('refuses a truncated snapshot, with the log of the server', async () => {
  const artifact = await backUp('rdb');
  await truncate(place.path('dump.rdb'), (await readFile(place.path('dump.rdb'))).length >> 1);
  expect(await attempt('rdb', artifact)).toMatchObject({
    ...finding('not-loaded'),
    output: expect.stringContaining('Unexpected EOF reading RDB file'),
  });
});

test('refuses an empty snapshot', async () => {
  const artifact = await backUp('rdb');
  await truncate(place.path('dump.rdb'), 0);
  expect(await attempt('rdb', artifact)).toMatchObject(finding('not-loaded'));
});

test('refuses a truncated AOF set, with the message of tar', async () => {
  const artifact = await backUp('aof');
  await truncate(place.path('aof.tar'), (await readFile(place.path('aof.tar'))).length >> 1);
  expect(await attempt('aof', artifact)).toMatchObject({
    ...finding('tar-failed'),
    output: expect.stringContaining('Unexpected EOF in archive'),
  });
});

test('refuses an AOF set with a missing file, with the log of the server', async () => {
  const artifact = await backUp('aof');
  const names = (await execa('tar', ['-tf', place.path('aof.tar')])).stdout.split('\n');
  expect(names.map((name) => name.split('.').slice(-2).join('.')).sort()).toEqual([
    'aof.manifest',
    'base.rdb',
    'incr.aof',
  ]);
  const base = names.find((name) => name.endsWith('base.rdb')) ?? '';
  await execa('tar', ['--delete', '--file', place.path('aof.tar'), base]);
  expect(await attempt('aof', artifact)).toMatchObject({
    ...finding('not-loaded'),
    output: expect.stringMatching(/[Ff]ail.*base\.rdb|base\.rdb.*No such file|exist/),
  });
});

test.for(BOTH)('%s refuses a restore with fewer keys or functions than the backup recorded', async (name) => {
  const artifact = await backUp(name);
  const { contents } = artifact.metadata as unknown as KeyValueMetadata;
  const { 0: first = { keys: 0, expires: 0, volatile: 0 } } = contents.databases;
  expect(first.expires).toBeGreaterThan(500);
  const databases = {
    0: { ...first, keys: first.keys + 3, expires: first.expires + 1 },
    7: { keys: 1, expires: 0, volatile: 0 },
  };
  const claimed = { ...artifact.metadata, contents: { databases, libraries: ['billing'] } };
  expect(await attempt(name, { ...artifact, metadata: claimed })).toMatchObject({
    ...finding('restore-incomplete'),
    message: [
      'the restored data differs from the backup: ',
      `database 0: expected ${first.keys + 2 - first.expires} keys that never expire, got ${first.keys - first.expires}; `,
      'database 7: expected 1 keys that never expire, got 0; ',
      '1 keys that expire are missing, and the time of only 0 was over; ',
      'functions: the library billing is missing',
    ].join(''),
  });
});

test('refuses an AOF that is shorter than the backup recorded', async () => {
  const artifact = await backUp('aof');
  const { end } = artifact.metadata as unknown as { end: { file: string; bytes: number } };
  const claimed = { ...artifact.metadata, end: { ...end, bytes: end.bytes + 1 } };
  expect(await attempt('aof', { ...artifact, metadata: claimed })).toMatchObject({
    ...finding('restore-incomplete'),
    message: `${end.file}: expected at least ${end.bytes + 1} bytes, got ${end.bytes}`,
  });
});

test('counts keys that expire between the backup and the restore as expired', async () => {
  const server = await store.server();
  await server.send(['SET', 'soon', 'x', 'PX', '15000']);
  const [keys] = (await server.send(['DBSIZE'])) as [number];
  const artifacts = [await backUp('rdb'), await backUp('aof')] as const;
  expect((await server.send(['EXISTS', 'soon']))[0]).toBe(1);
  await waitUntil('the key to expire', async () => {
    const [there] = await server.send(['EXISTS', 'soon']);
    return there === 0 ? { done: true } : { notYet: 'it is there' };
  });
  expect(await attempt('rdb', artifacts[0])).toEqual({ keys: keys - 1 });
  expect(await attempt('aof', artifacts[1])).toSatisfy(
    (loaded: { keys: number }) => loaded.keys === keys || loaded.keys === keys - 1,
  );
});

/** More than fits between a server and the reader of its files. */
const MANY = "for i = 1, 30 do redis.call('SET', 'big:' .. i, string.rep('x', 1048576)) end";
const BIG_KEYS = Array.from({ length: 31 }, (_, index) => `big:${index + 1}`);
const REWRITES = 'auto-aof-rewrite-percentage';

/** Runs a test with this value of the setting, then restores the server's state. */
async function withRewritesAt77(body: (server: Awaited<ReturnType<Sessions['server']>>) => Promise<void>) {
  const server = await store.server();
  await server.send(['CONFIG', 'SET', REWRITES, '77']);
  try {
    await body(server);
  } finally {
    await server.send(['CONFIG', 'SET', REWRITES, '100'], ['DEL', ...BIG_KEYS]);
  }
}

test('copies an AOF that grows during the copy as far as it had been written', () =>
  withRewritesAt77(async (server) => {
    await server.send(['EVAL', MANY, '0']);
    const grow = interruptedBy(place, async () => {
      expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '0' });
      await server.send(['SET', 'big:31', 'later'], ['EVAL', MANY, '0']);
    });
    const artifact = await backUp('aof', grow);
    expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
    const [keys] = (await server.send(['DBSIZE'])) as [number];
    expect(await attempt('aof', artifact)).toEqual({ keys: keys - 1 });
  }));

test('refuses an AOF that was rewritten during the copy', () =>
  withRewritesAt77(async (server) => {
    await server.send(['EVAL', MANY, '0']);
    const rewrite = interruptedBy(place, async () => {
      await server.send(['BGREWRITEAOF']);
      await waitUntil('the rewrite', async () =>
        (await server.info('persistence'))['aof_rewrite_in_progress'] === '0'
          ? { done: true }
          : { notYet: 'it is running' },
      );
    });
    expect(await failureOf(backUp('aof', rewrite))).toMatchObject(finding('aof-moved'));
    expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
  }));

/** Makes the server pause after each key that it writes into a file. */
const pauseAfterKeys = async (microseconds: number): Promise<void> => {
  await (await store.server()).send(['CONFIG', 'SET', 'rdb-key-save-delay', String(microseconds)]);
};

test.for([
  ['rdb', 'BGSAVE', 'rdb_bgsave_in_progress'],
  ['aof', 'BGREWRITEAOF', 'aof_rewrite_in_progress'],
] as const)('%s waits for a running %s, and does not store its result', async ([name, command, state]) => {
  const server = await store.server();
  await pauseAfterKeys(3000);
  await server.send([command]);
  await pauseAfterKeys(0);
  expect(await server.info('persistence')).toMatchObject({ [state]: '1' });
  await server.send(['SET', 'big:1', 'written while it ran']);
  const artifact = await backUp(
    name,
    interruptedBy(place, async () =>
      expect(await server.info('persistence')).toMatchObject({ [state]: '0' }),
    ),
  );
  const [keys] = await server.send(['DBSIZE']);
  expect(await attempt(name, artifact)).toEqual({ keys });
  await server.send(['DEL', ...BIG_KEYS]);
});

/** Labels of the service that a backup leaves until it has restored the server's setting. */
const pendingLabels = async (): Promise<string[]> => {
  const { engine } = await swarm.manager();
  const { Spec } = (await engine.services.inspect(store.service)) as {
    Spec: { Labels: Record<string, string> };
  };
  return Object.keys(Spec.Labels).filter((label) => label.startsWith('swarm-drill.'));
};

test('restores the setting when the vault refuses half-way', () =>
  withRewritesAt77(async (server) => {
    const { id } = await swarm.taskContainer(store.service);
    expect(await failureOf(backUp('aof', fullAfter(place)))).toMatchObject(finding('vault-refused'));
    expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
    expect(await pendingLabels()).toEqual([]);
    expect(await swarm.taskContainer(store.service)).toMatchObject({ id });
  }));

test('restores the setting when the drill is stopped', () =>
  withRewritesAt77(async (server) => {
    const { id } = await swarm.taskContainer(store.service);
    const stop = new AbortController();
    const silent = { stepStarted() {}, stepEnded() {}, waiting() {} };
    const stopped = withTrace(silent, stop.signal, () =>
      backUp(
        'aof',
        fullAfter(place, async () => stop.abort(new Error('stopped'))),
      ),
    );
    expect(await failureOf(stopped)).toBeInstanceOf(Error);
    expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
    expect(await pendingLabels()).toEqual([]);
    expect(await swarm.taskContainer(store.service)).toMatchObject({ id });
  }));

test.for([true, false])(
  'reports a setting that the server refuses to restore, which the next backup restores (vault full: %s)',
  (vaultIsFull) =>
    withRewritesAt77(async (server) => {
      const refuseSettings = () => server.send(['ACL', 'SETUSER', 'default', '-config|set']);
      const writer = vaultIsFull ? fullAfter(place, refuseSettings) : interruptedBy(place, refuseSettings);
      const refused = await failureOf(backUp('aof', writer));
      expect(refused).toMatchObject({
        ...finding('rewrites-off'),
        message: expect.stringMatching(
          vaultIsFull
            ? /^the disk is full; and then .* could not be restored to 77: .*NOPERM/
            : /could not be restored to 77/,
        ),
        hint: expect.stringContaining(`CONFIG SET ${REWRITES} 77`),
      });
      await server.send(['ACL', 'SETUSER', 'default', '+@all']);
      expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '0' });
      await backUp('aof');
      expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
    }),
);

test('restores the setting from before a backup that was killed half-way', () =>
  withRewritesAt77(async (server) => {
    const { id } = await swarm.taskContainer(store.service);
    const halfWay = Promise.withResolvers<unknown>();
    const released = Promise.withResolvers<unknown>();
    // A killed backup does nothing any more. This one hangs.
    const hangs = fullAfter(place, () => {
      halfWay.resolve(true);
      return released.promise;
    });
    const killed = backUp('aof', hangs);
    await halfWay.promise;
    expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '0' });
    expect(await pendingLabels()).toHaveLength(1);
    await using other = await openArtifactStore();
    await backUp('aof', other.writer);
    expect(await server.settings(REWRITES)).toEqual({ [REWRITES]: '77' });
    expect(await pendingLabels()).toEqual([]);
    expect(await swarm.taskContainer(store.service)).toMatchObject({ id });
    released.resolve(true);
    expect(await failureOf(killed)).toMatchObject(finding('vault-refused'));
  }));

test.for(BOTH)(
  '%s reports a server that is killed during the backup, and the server runs again',
  async (name) => {
    await (await store.server()).send(['CONFIG', 'SET', 'rdbcompression', 'no'], ['EVAL', MANY, '0']);
    expect(await failureOf(backUp(name, interruptedBy(place, killServer)))).toMatchObject(
      finding('interrupted'),
    );
    await swarm.converged();
    await (await store.server()).send(['DEL', ...BIG_KEYS]);
    expect(await differences()).toEqual({});
  },
);

test('reports a snapshot that the server can not write, with its log', async () => {
  await runInVolume(storeVolume(), 'chown 0:0 . && chmod 755 .');
  try {
    expect(await failureOf(backUp('rdb'))).toMatchObject({
      ...finding('save-failed'),
      output: expect.stringContaining('Permission denied'),
    });
  } finally {
    await runInVolume(storeVolume(), 'chown 999:999 . && chmod 1777 .');
  }
  await backUp('rdb');
  expect(await differences()).toEqual({});
});

test('reports a wrong password with the message of the server', async () => {
  const wrongPassword = { swarm, service: store.service, passwordFile: '/run/secrets/store.conf' };
  expect(await failureOf(METHODS.rdb.backup(wrongPassword, place.writer))).toMatchObject({
    ...finding('refused'),
    message: expect.stringContaining('WRONGPASS'),
  });
});

// The tests below empty the server.

test.for(BOTH)('%s refuses a server without keys', async (name) => {
  await (await store.server()).send(['FLUSHALL']);
  expect(await failureOf(backUp(name))).toMatchObject(finding('empty-server'));
});

test('restores only a snapshot for a server without an AOF, and refuses to copy its AOF', async () => {
  await (await store.server()).send(['FLUSHALL'], ['SET', 'one', '1'], ['CONFIG', 'SET', 'appendonly', 'no']);
  expect(await failureOf(backUp('aof'))).toMatchObject(finding('aof-off'));
  const artifact = await backUp('rdb');
  expect(artifact.metadata).toMatchObject({
    appendonly: 'no',
    contents: { databases: { 0: { keys: 1, expires: 0 } } },
  });
  await loseVolume();
  expect(await METHODS.rdb.restore(artifact, storeVolume())).toEqual({ keys: 1 });
  expect(await runInVolume(storeVolume(), 'ls')).toBe('dump.rdb\n');
});
