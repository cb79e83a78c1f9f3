// The intent log outlives the program that wrote it: a later version must be able to undo what an older one left.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localDataRoot } from '../../../src/swarm-backup/engine/local-data-root.ts';
import type { DataRoot, Manager } from '../../../src/swarm-backup/engine/manager.ts';
import { readIntentLog, recoverInterrupted, writeIntentLog } from '../../../src/swarm-backup/intent-log.ts';

let home: string;
let root: DataRoot;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-intent-'));
  root = localDataRoot(home);
});
afterEach(() => rm(home, { recursive: true }));

const write = (log: unknown): Promise<void> =>
  writeFile(join(home, 'swarm-drill.json'), typeof log === 'string' ? log : JSON.stringify(log));

test('reads a log with the field names of the first version', async () => {
  await write({
    restored: { id: 'a', cluster: 'b', node: 'c', at: 'then', aside: 'swarm.before-1' },
    doing: { what: 'restore', since: 'now', engine: true, aside: 'swarm.before-2', coming: 'swarm.coming-2' },
  });
  expect(await readIntentLog(root)).toEqual({
    restored: { id: 'a', cluster: 'b', node: 'c', at: 'then', previous: 'swarm.before-1' },
    operation: {
      what: 'restore',
      since: 'now',
      engine: true,
      previous: 'swarm.before-2',
      staging: 'swarm.coming-2',
    },
  });
});

test('undoes a restore that the first version left half-way', async () => {
  await mkdir(join(home, 'swarm'));
  await mkdir(join(home, 'swarm.before-2'));
  await mkdir(join(home, 'swarm.coming-2'));
  await writeFile(join(home, 'swarm.before-2/old'), '');
  await write({
    doing: { what: 'restore', since: 'now', engine: true, aside: 'swarm.before-2', coming: 'swarm.coming-2' },
  });
  const calls: string[] = [];
  const call = (name: string) => async () => void calls.push(name);
  const manager = { root, stop: call('stop'), start: call('start') } as unknown as Manager;
  expect(await recoverInterrupted(manager)).toMatchObject({ what: 'restore' });
  expect(calls).toEqual(['stop', 'start']);
  expect((await readdir(home)).sort()).toEqual(['swarm', 'swarm-drill.json']);
  expect(await readdir(join(home, 'swarm'))).toEqual(['old']);
});

test('sets the raft snapshot interval back that a killed backup has changed', async () => {
  const operation = { what: 'backup', since: 'now', engine: false, snapshotInterval: 5000 };
  await write({ operation });
  let spec = { Raft: { SnapshotInterval: 1 } };
  const swarm = {
    inspect: async () => ({ Spec: spec, Version: { Index: 3 } }),
    update: async (_version: unknown, next: typeof spec) => void (spec = next),
  };
  const manager = { root, engine: { swarm } } as unknown as Manager;
  expect(await recoverInterrupted(manager)).toEqual({ what: 'backup', notes: [] });
  expect(spec).toEqual({ Raft: { SnapshotInterval: 5000 } });
  expect(await readIntentLog(root)).toEqual({});
});

const KEY = 'swarm/certificates/swarm-node.key';
const UNSEALING = {
  operation: {
    what: 'restore',
    since: 'now',
    engine: true,
    previous: 'swarm.previous-1',
    staging: 'swarm.staging-1',
    unsealed: true,
  },
};

/** A restore that was killed when the copy was in its place. @returns a manager whose engine does not stop at first */
async function killedWith(files: Readonly<Record<string, string>>, previous: boolean): Promise<Manager> {
  await mkdir(join(home, 'swarm/certificates'), { recursive: true });
  if (previous) await mkdir(join(home, 'swarm.previous-1/certificates'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  await write(UNSEALING);
  let refusals = 1;
  const stop = async (): Promise<void> => {
    if (refusals-- > 0) throw new Error('the engine does not stop');
  };
  return { root, stop, start: async () => {} } as unknown as Manager;
}

test.for([
  ['the unsealed key', { [KEY]: '-----BEGIN PRIVATE KEY-----' }],
  ['an unfinished unsealed key', { [KEY]: '-----BEGIN ENCRYPTED PRIVATE KEY-----', [`${KEY}.part`]: 'x' }],
] as const)(
  'removes %s of a killed restore first, also while its engine does not stop',
  async ([, files]) => {
    const manager = await killedWith({ ...files, 'swarm.previous-1/old': '' }, true);
    await expect(recoverInterrupted(manager)).rejects.toThrow('the engine does not stop');
    expect(await readdir(join(home, 'swarm/certificates'))).toEqual([]);
    // The next command finishes what the first one could not.
    expect(await recoverInterrupted(manager)).toEqual({ what: 'restore', notes: [] });
    expect(await readdir(join(home, 'swarm'))).toContain('old');
  },
);

test('says that it has removed an unsealed key', async () => {
  const manager = await killedWith({ [KEY]: '-----BEGIN PRIVATE KEY-----' }, true);
  await manager.stop().catch(() => undefined);
  expect(await recoverInterrupted(manager)).toEqual({
    what: 'restore',
    notes: [`the node key of the copy was unsealed in ${home}/swarm and was removed`],
  });
});

test('says nothing of a key that the engine has sealed again', async () => {
  const manager = await killedWith({ [KEY]: '-----BEGIN ENCRYPTED PRIVATE KEY-----' }, true);
  await manager.stop().catch(() => undefined);
  expect(await recoverInterrupted(manager)).toEqual({ what: 'restore', notes: [] });
});

test('never removes the key of the old directory', async () => {
  const manager = await killedWith({ [KEY]: '-----BEGIN PRIVATE KEY-----' }, false);
  expect(await recoverInterrupted(manager)).toEqual({ what: 'restore', notes: [] });
  expect(await readFile(join(home, KEY), 'utf8')).toBe('-----BEGIN PRIVATE KEY-----');
});

test('keeps the last restore when an operation ends', async () => {
  const restored = { id: 'a', cluster: 'b', node: 'c', at: 'then', previous: 'swarm.previous-1' };
  await writeIntentLog(root, { restored });
  await writeIntentLog(root, { operation: { what: 'backup', since: 'now', engine: false, part: 'x' } });
  await writeIntentLog(root, {});
  expect(JSON.parse(await readFile(join(home, 'swarm-drill.json'), 'utf8'))).toEqual({ restored });
});

test('names the file when it is damaged', async () => {
  await write('{');
  await expect(readIntentLog(root)).rejects.toMatchObject({
    code: 'intent-log-damaged',
    message: expect.stringContaining(`${home}/swarm-drill.json: invalid intent log`),
  });
});
