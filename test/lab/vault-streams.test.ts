// What goes to the vault as a stream, when the vault is full or goes away half-way: a finding, and the source unharmed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerCpStopped } from '../../src/method/docker-cp.ts';
import type { Method } from '../../src/method/method.ts';
import { Vault } from '../../src/method/vault/vault.ts';
import { volumeArchive } from '../../src/method/volume-archive.ts';
import { factsOf, type Volume } from '../../src/method/volume.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import {
  destroy,
  findingOf,
  inVolume,
  lostAspects,
  openPlace,
  readManifest,
  seed,
  startUser,
  stateOf,
  type Place,
} from './volumes.ts';

const MEBIBYTES = 96;
let place: Place;
let big: Volume;

beforeAll(async () => {
  place = await openPlace('vault-streams');
  big = place.volume('big');
  await seed(big, { files: 1, largeMiB: MEBIBYTES });
  await startUser(big, 'web');
});
afterAll(() => place[Symbol.asyncDispose]());

const open = (scope: Scope, capacity?: number): Promise<Vault> =>
  Vault.open(place.swarm.site, scope, () => undefined, capacity === undefined ? {} : { capacity });

/** Waits until the vault has some of what is being sent, and cuts it off. */
async function cutHalfWay(vault: Vault): Promise<void> {
  await waitUntil('some of it to arrive', async () => {
    const used = Number((await vault.host.exec(['du', '-sm', '/vault/courier'])).split('\t')[0]);
    return used >= 2 ? { done: true } : { notYet: `${used} MiB` };
  });
  await vault.host.cut();
}

describe.for<Method<Volume, Volume, void>>([volumeArchive, dockerCpStopped])('by $name', (method) => {
  test('a disk of the vault that is full half-way, in its own words; the service runs', async () => {
    await using scope = new Scope();
    const before = await stateOf(place.swarm, 'web');
    const vault = await open(scope, 32 << 20);
    const { code, output } = await findingOf(vault.keep(method, big));
    expect(code).toBe('vault-refused');
    expect(output).toMatch(/no space left/i);
    expect(await stateOf(place.swarm, 'web')).toEqual(before);
  });

  test('a vault that is cut off half-way, within its time; the service runs, and the next backup is whole', async () => {
    await using scope = new Scope();
    const before = await stateOf(place.swarm, 'web');
    const vault = await open(scope);
    const began = Date.now();
    const [found] = await Promise.all([findingOf(vault.keep(method, big)), cutHalfWay(vault)]);
    expect(found.code).toBe('vault-refused');
    expect(found.output).toMatch(/ssh|connection|timeout|broken pipe/i);
    expect((Date.now() - began) / 1000).toBeLessThan(seconds(90));
    expect(await stateOf(place.swarm, 'web')).toEqual(before);

    await vault.host.mend();
    const manifest = await readManifest(big);
    const kept = await vault.keep(method, big);
    const again = place.volume('again');
    await kept.restoreInto(again);
    expect(await lostAspects(manifest, await readManifest(again))).toEqual(method.loses);
    await destroy(again);
  });
});

test('a vault that is cut off while a volume is restored: a finding, and nothing is left to start on', async () => {
  await using scope = new Scope();
  const vault = await open(scope);
  const kept = await vault.keep(volumeArchive, big);
  const target = place.volume('target');
  const arriving = waitUntil('some of it to arrive', async () => {
    const facts = await factsOf(target);
    const used = facts ? Number((await inVolume(target, ['du', '-sm', '/data'])).split('\t')[0]) : 0;
    return used >= 2 ? { done: await vault.host.cut() } : { notYet: `${used} MiB` };
  });
  const [found] = await Promise.all([findingOf(kept.restoreInto(target)), arriving]);
  expect(found.code).toBe('artifact-unreadable');
  expect(await inVolume(target, ['find', '/data', '-mindepth', '1'])).toBe('');
});
