// All managers of an autolocked swarm are lost: the backup of one is restored, the swarm is locked again, and nothing is left unsealed,
// also when the restore is refused, fails or is killed.
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { clientAt } from '../../../src/lab/engine/client.ts';
import type { Node } from '../../../src/swarm/node/node.ts';
import { siteManager } from '../../../src/swarm-backup/engine/site-node.ts';
import { isKeyEncrypted, NODE_KEY } from '../../../src/swarm-backup/file/node-key.ts';
import { parseKeyFile } from '../../../src/swarm-backup/autolock/key-file.ts';
import { unsealKeyFile } from '../../../src/swarm-backup/autolock/unseal.ts';
import { newUnlockKey } from '../../support/sealed-key.ts';
import { SecretListener } from '../../support/secret-listener.ts';
import {
  autolock,
  digestOf,
  forge,
  killedAfter,
  leftIn,
  onNode,
  openStage,
  type Outcome,
  seedService,
  seenInside,
  servicesOf,
  type Stage,
  startOf,
} from '../../support/swarm-backup-stage.ts';

let stage: Stage;
let node: Node;
let value: string;
let key: string;
let made: Outcome;
/** The key file of the manager that was backed up. */
let lostKey: string;
let attempts = 0;

const nodeKey = async (): Promise<string> => (await siteManager(stage.site, node).root.read(NODE_KEY)) ?? '';
const stateOf = async (): Promise<string> =>
  (await node.exec(['docker', 'info', '--format', '{{.Swarm.LocalNodeState}}'])).trim();
const options = (...more: string[]): string[] => ['--unlock-key-file', stage.path('key'), ...more];
/** A new file each time: an existing one is refused. */
const newKeyFile = (): string => stage.path(`new-${++attempts}`);

beforeAll(async () => {
  stage = await openStage('swarm-locked', 3);
  const { swarm } = stage;
  node = swarm.node('manager-2');
  value = await seedService(swarm, node);
  key = await autolock(node);
  await writeFile(stage.path('key'), `${key}\n`);
  await writeFile(stage.path('other-key'), `${newUnlockKey()}\n`);
  made = await stage.backup(node.volume, 'locked.age', ...options());
  lostKey = await nodeKey();
  for (const { name } of swarm.managers) await swarm.node(name).destroy();
  node = await stage.site.startNode({ name: 'manager-2', role: 'manager' });
});
afterAll(() => stage[Symbol.asyncDispose]());

test('is backed up with the advice to keep its unlock key', () => {
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.json).toMatchObject({
    cluster: { autolock: true, managers: 3 },
    warnings: [expect.stringContaining("a restore needs today's unlock key")],
  });
});

test.for<[string, string, () => string[]]>([
  ['without its unlock key', 'no-unlock-key', () => ['--new-unlock-key-file', newKeyFile()]],
  [
    'with another unlock key',
    'wrong-unlock-key',
    () => ['--unlock-key-file', stage.path('other-key'), '--new-unlock-key-file', newKeyFile()],
  ],
  ['when nothing keeps its new unlock key', 'unlock-key-unkept', () => options()],
])('is not restored %s, and nothing is touched', async ([, code, given]) => {
  const before = [await startOf(node), await leftIn(node)];
  const refused = await stage.restore(node.volume, 'locked.age', ...given());
  expect(refused).toMatchObject({ exitCode: 1, json: { error: { code, blame: 'finding' } } });
  expect([await startOf(node), await leftIn(node)]).toEqual(before);
});

describe('a restore', () => {
  let restored: Outcome;
  let newKey: string;
  const ears = SecretListener.open([clientAt(inject('lab').host)]);

  beforeAll(async () => {
    const file = newKeyFile();
    await using _listening = ears;
    restored = await stage.restore(node.volume, 'locked.age', ...options('--new-unlock-key-file', file));
    newKey = (await readFile(file, 'utf8').catch(() => '')).trim();
  });

  test('brings the swarm back with its services, secrets and identity', async () => {
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(restored.json).toMatchObject({
      strategy: 'unsealed key',
      hasNewUnlockKey: true,
      cluster: made.json['cluster'],
      node: made.json['node'],
    });
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });

  test('locks it again, with a new unlock key and new keys for what was unsealed', async () => {
    expect(newKey).toMatch(/^SWMKEY-1-/);
    expect(newKey).not.toBe(key);
    expect((await node.exec(['docker', 'swarm', 'unlock-key', '--quiet'])).trim()).toBe(newKey);
    const text = await nodeKey();
    expect(isKeyEncrypted(text)).toBe(true);
    expect(() => unsealKeyFile(text, key)).toThrow(expect.objectContaining({ code: 'wrong-unlock-key' }));
    const [before, now] = [unsealKeyFile(lostKey, key), unsealKeyFile(text, newKey)].map(parseKeyFile);
    expect(now?.body).not.toBe(before?.body);
    expect(now?.headers.get('raft-dek')).not.toBe(before?.headers.get('raft-dek'));
  });

  test('leaves it locked after a restart, until the new key opens it', async () => {
    node = await (await node.stop()).start();
    expect(await stateOf()).toBe('locked');
    await expect(node.engine.swarm.unlock(key)).rejects.toThrow(/invalid key/);
    await node.engine.swarm.unlock(newKey);
    expect(await stateOf()).toBe('active');
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });

  test('shows no key in arguments, environments, inspections, output or the intent log', async () => {
    const log = await node.exec(['cat', '/var/lib/docker/swarm-drill.json']);
    const output = `${JSON.stringify(restored.json)}\n${restored.stderr}`;
    for (const place of [ears.arguments, ears.environments, ears.inspected, output, log]) {
      for (const secret of [key, newKey]) expect(place).not.toContain(secret.slice('SWMKEY-1-'.length));
      expect(place).not.toContain('PRIVATE KEY');
    }
    // The ears work: what was not secret was heard.
    expect(ears.arguments).toContain(`--unlock-key-file ${stage.path('key')}`);
  });
});

describe('a restore that ends half-way', () => {
  /** The swarm that is there now, before each attempt. */
  let before: unknown[];
  const current = async (): Promise<unknown[]> => [
    await digestOf(node),
    (await leftIn(node)).filter((entry) => entry !== 'swarm-drill.json'),
  ];
  beforeEach(async () => {
    before = await current();
  });

  test('puts the old state back and removes the unsealed key when the copy differs from its manifest', async () => {
    await forge(stage, 'locked.age', 'ghost.age', {
      manifest: (manifest) => ({
        ...manifest,
        objects: {
          ...manifest.objects,
          services: [...manifest.objects.services, { id: 'ghost', name: 'ghost' }],
        },
      }),
    });
    const file = newKeyFile();
    const failed = await stage.restore(
      node.volume,
      'ghost.age',
      ...options('--yes', '--new-unlock-key-file', file),
    );
    expect(failed).toMatchObject({ exitCode: 1, json: { error: { code: 'not-the-same' } } });
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await current()).toEqual(before);
    expect(await stateOf()).toBe('locked');
  });

  test.for([
    ['put the copy in its place', false],
    ['write the unsealed node key', true],
    ['force a new cluster', false],
    ['prove that it is locked', false],
  ] as const)('is recovered when it was killed after "%s"', async ([step, unsealed]) => {
    const args = ['restore', ...onNode(stage.site, node.volume), '--input', stage.path('locked.age')];
    const more = options('--yes', '--force', '--new-unlock-key-file', newKeyFile());
    await killedAfter(step, [...args, ...stage.opened, ...more]);
    expect(!isKeyEncrypted(await nodeKey())).toBe(unsealed);
    // The next command undoes it first, and then has something to refuse.
    const next = await stage.backup(node.volume, 'next.age', '--overwrite', ...options());
    expect(next).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-locked' } } });
    expect(next.stderr.includes('remove the unsealed node key')).toBe(unsealed);
    expect(await current()).toEqual(before);
    expect(isKeyEncrypted(await nodeKey())).toBe(true);
  });

  test('is restored after that', async () => {
    const file = newKeyFile();
    const more = options('--yes', '--force', '--new-unlock-key-file', file);
    const { exitCode, stderr } = await stage.restore(node.volume, 'locked.age', ...more);
    expect(exitCode, stderr).toBe(0);
    expect(await servicesOf(node)).toEqual(['keeper']);
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });
});
