// The notes themselves, on a swarm of one node: what drills rely on must be true before anything is lost.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { notes, type Notes } from '../../fixtures/notes/notes.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import { Swarm } from '../../src/swarm/swarm.ts';

const scope = new Scope();
let pad: Notes;

beforeAll(async () => {
  const site = await Site.open({
    lab: inject('lab'),
    run: `notes-test-${process.pid}`,
    drill: 'notes',
    scope,
  });
  const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  pad = await notes.deploy(swarm, { seed: 'notes test', size: 'small' });
});
afterAll(() => scope[Symbol.asyncDispose]());

/** Runs a shell script next to the file, as root. */
const inVolume = (script: string): Promise<string> =>
  pad.swarm.execInTask(pad.service, ['sh', '-euc', `cd /srv/notes\n${script}`]);

const newId = (): string => randomBytes(8).toString('hex');

/** Observes with the check of that name. */
const observe = async (baseline: readonly string[], name: string) =>
  pad
    .checks(baseline)
    .find((check) => check.name === name)
    ?.observe();

test('makes the same notes from the same seed', async () => {
  const contents = await pad.contents();
  expect(contents).toHaveLength(500);
  expect(new Set(contents).size).toBe(500);
  expect(contents[0]).toBe('5537a19eb1c27d836e1a4ba8c80f9f79');
});

test('keeps concurrent notes, each on a line', async () => {
  const ids = Array.from({ length: 20 }, newId);
  await Promise.all(ids.map(pad.write.bind(pad)));
  expect(await pad.present([...ids, 'never-written'])).toEqual(ids);
  expect(await pad.read()).toMatchObject({ unreadable: 0 });
});

test('finds a note that is missing, and one that moved', async () => {
  const baseline = await pad.contents();
  expect(await observe(baseline, 'notes match')).toEqual({ compared: baseline.length, differences: [] });

  await inVolume('cp notes.txt kept; sed -i 1d notes.txt');
  expect(await observe(baseline, 'notes match')).toMatchObject({
    differences: [`note ${baseline[0]}: is missing`],
  });

  await inVolume('{ sed 1d kept; head -n 1 kept; } >notes.txt');
  expect(await observe(baseline, 'notes match')).toMatchObject({
    differences: ['the notes are in another order'],
  });
  await inVolume('mv kept notes.txt');
});

test('continues on a new line after half a line, and reports what is cut', async () => {
  const baseline = await pad.contents();
  await inVolume('cp notes.txt kept; printf half-a-not >>notes.txt');
  const id = newId();
  await pad.write(id);
  expect(await pad.present([id])).toEqual([id]);
  expect(await observe(baseline, 'notes match')).toMatchObject({
    differences: ['expected every line to be signed with the secret, got 1 cut or signed with another'],
  });
  await inVolume('mv kept notes.txt');
});

test('does not read a note that was signed with another secret', async () => {
  const baseline = await pad.contents();
  await inVolume(
    `cp notes.txt kept
     printf 'forged %s\\n' "$(printf forged | sha256sum | cut -d' ' -f1)" >>notes.txt`,
  );
  expect(await pad.present(['forged'])).toEqual([]);
  expect(await observe(baseline, 'notes match')).toMatchObject({
    differences: ['expected every line to be signed with the secret, got 1 cut or signed with another'],
  });
  await inVolume('mv kept notes.txt');
});

test('accepts a write, and not when its file can no longer be written', async () => {
  expect(await observe([], 'notes accept writes')).toEqual({ compared: 1, differences: [] });
  await inVolume('rm notes.txt; mkdir notes.txt');
  await expect(observe([], 'notes accept writes')).rejects.toThrow('expected status 2xx, got 503');
});
