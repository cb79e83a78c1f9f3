// What goes to the vault as a stream, when the vault is full or goes away half-way: a finding, and the source unharmed.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { outputOf } from '../../../src/lab/engine/process.ts';
import { dockerCp } from '../../../src/method/volume/docker-cp.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { volumeArchive } from '../../../src/method/volume/volume-archive.ts';
import type { Volume, VolumeMethod } from '../../../src/method/container/volume.ts';
import type { Method } from '../../../src/model/method.ts';
import { seconds } from '../../../src/support/clock.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { Scope } from '../../../src/support/scope.ts';
import { withTrace } from '../../../src/support/trace.ts';
import { useMethodLab } from '../../support/method-lab.ts';
import {
  destroy,
  findingOf,
  inVolume,
  expectedLosses,
  lostAspects,
  readManifest,
  seed,
  startUser,
  stateOf,
} from '../../support/volumes.ts';

const MEBIBYTES = 96;
const place = useMethodLab('vault-streams', async ({ volume }) => {
  await seed(volume('big'), { files: 1, largeMiB: MEBIBYTES });
  await startUser(volume('big'), 'web');
});
const big = (): Volume => place.volume('big');

const open = (scope: Scope, capacity?: number): Promise<Vault> =>
  Vault.open(place.swarm.site, scope, () => undefined, capacity === undefined ? {} : { capacity });

const partsAt = (vault: Vault): Promise<string> =>
  vault.host.exec(['find', '/vault/stream', '-name', '*.part']);

/** Waits until the vault has some of what is being sent. */
async function arriving(vault: Vault): Promise<void> {
  await waitUntil('some of it to arrive', async () => {
    const used = Number((await vault.host.exec(['du', '-sm', '/vault/stream'])).split('\t')[0]);
    return used >= 2 ? { done: true } : { notYet: `${used} MiB` };
  });
}

/** Waits for the program that reads an artifact for a restore, and stops it where it is. */
const HOLD_THE_READER = `
  for try in $(seq 6000); do
    reader=$(grep -lxs cat /proc/[0-9]*/comm | cut -d/ -f3)
    if [ "$reader" ] && grep -q volume.tar "/proc/$reader/cmdline"; then kill -STOP "$reader"; exit; fi
    sleep 0.01
  done
  exit 1`;

/** A source that has some, and then breaks. */
async function* brokenAfter(pieces: number, error: Error): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < pieces; piece++) yield randomBytes(1 << 20);
  throw error;
}

const METHODS: readonly VolumeMethod[] = [volumeArchive(), dockerCp({ whileStopped: true })];

describe.for(METHODS)('by $name', (method) => {
  test('reports that the vault is full half-way, and restarts the service', async () => {
    await using scope = new Scope();
    const before = await stateOf(place.swarm, 'web');
    const vault = await open(scope, 32 << 20);
    const { code, output } = await findingOf(vault.keep(method, big()));
    expect(code).toBe('vault-full');
    expect(output).toMatch(/no space left/i);
    // What was half there makes room again.
    expect(await partsAt(vault)).toBe('');
    expect(await stateOf(place.swarm, 'web')).toEqual(before);
  });

  test('reports in time that the vault is disconnected half-way, restarts the service, and the next backup is complete', async () => {
    await using scope = new Scope();
    const before = await stateOf(place.swarm, 'web');
    const vault = await open(scope);
    const began = Date.now();
    const [found] = await Promise.all([
      findingOf(vault.keep(method, big())),
      arriving(vault).then(() => vault.host.disconnect()),
    ]);
    expect(found.code).toBe('vault-unreachable');
    expect(found.output).toMatch(/ssh|connection|timeout|broken pipe/i);
    expect((Date.now() - began) / 1000).toBeLessThan(seconds(90));
    expect(await stateOf(place.swarm, 'web')).toEqual(before);

    await vault.host.reconnect();
    await waitUntil('the vault to give up what was cut off', async () => {
      const parts = await partsAt(vault);
      return parts === '' ? { done: true } : { notYet: parts };
    });
    const manifest = await readManifest(big());
    const kept = await vault.keep(method, big());
    const again = place.volume('again');
    await kept.restoreInto(again);
    expect(await lostAspects(manifest, await readManifest(again))).toEqual(
      await expectedLosses(method, manifest),
    );
    await destroy(again);
  });
});

test('fails a restore whose vault is disconnected, and leaves no partial volume', async () => {
  await using scope = new Scope();
  const vault = await open(scope);
  const kept = await vault.keep(volumeArchive(), big());
  const target = place.volume('target');
  const cut = vault.host.exec(['sh', '-euc', HOLD_THE_READER]).then(() => vault.host.disconnect());
  const [found] = await Promise.all([findingOf(kept.restoreInto(target)), cut]);
  expect(found.code).toBe('vault-unreachable');
  expect(await inVolume(target, ['find', '/data', '-mindepth', '1'])).toBe('');
});

test('throws the error of a source that breaks half-way, and keeps nothing of it', async () => {
  await using scope = new Scope();
  const vault = await open(scope);
  const breaking: Method<string, string, void> = {
    ...{ name: 'breaking', limits: [], loses: [], restore: () => Promise.resolve() },
    backup: async (_, { put }) => {
      await put('file', Readable.from(brokenAfter(8, new Error('the disk is gone'))));
      return {};
    },
  };
  await expect(vault.keep(breaking, '')).rejects.toThrow('the disk is gone');
  expect(await vault.host.exec(['find', '/vault/stream', '-type', 'f'])).toBe('');
  await waitUntil('the sender to end', async () => {
    const look = ['sh', '-c', "grep -lxE 'zstd|age' /proc/[0-9]*/comm || true"];
    const left = (await outputOf(await vault.host.runInGateway(look))).stdout;
    return left === '' ? { done: true } : { notYet: left };
  });
});

test('throws the reason of the stop when it is stopped half-way, and the vault removes what it had', async () => {
  await using scope = new Scope();
  const vault = await open(scope);
  const stop = new AbortController();
  const reason = new Error('a person said stop');
  const begun = arriving(vault).then(() => stop.abort(reason));
  const sink = { stepStarted: () => undefined, stepEnded: () => undefined, waiting: () => undefined };
  await expect(withTrace(sink, stop.signal, () => vault.keep(volumeArchive(), big()))).rejects.toBe(reason);
  await begun;
  expect(await vault.host.exec(['find', '/vault/stream', '-type', 'f'])).toBe('');
});

test('distinguishes a wrong key, a missing catalogue and a disconnected vault by the output of age and ssh', async () => {
  await using scope = new Scope();
  const vault = await open(scope);
  const files = place.volume('few');
  await seed(files, { files: 1, largeMiB: 1 });
  const kept = await vault.keep(volumeArchive(), files);
  const catalogue = `/vault/stream/${kept.name}/catalogue.json`;
  const restored = () => findingOf(kept.restoreInto(place.volume('target-of-few')));

  await vault.host.disconnect();
  const cut = await restored();
  await vault.host.reconnect();
  expect(cut).toMatchObject({ code: 'vault-unreachable', output: expect.stringMatching(/ssh|connect/i) });

  await vault.host.exec(['sh', '-c', 'mv "$0" /tmp/catalogue', catalogue]);
  expect(await restored()).toMatchObject({
    code: 'artifact-damaged',
    output: expect.stringMatching(/no such file/i),
  });
  await vault.host.exec(['sh', '-c', 'mv /tmp/catalogue "$0"', catalogue]);

  await vault.keys.replaceIdentity();
  expect(await restored()).toMatchObject({
    code: 'wrong-key',
    output: expect.stringMatching(/no identity matched/),
  });
});
