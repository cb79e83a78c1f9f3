// Backups and recoveries of volumes that end with success and bring nothing back.
import { expect, test } from 'vitest';
import type { Kept, Swarm } from 'swarm-drill';
import anonymousVolume from '../../drills/anonymous-volume.drill.ts';
import prunedVolume from '../../drills/pruned-volume.drill.ts';
import volumeName from '../../drills/volume-name.drill.ts';
import { Notes, notes } from '../../fixtures/notes/notes.ts';
import { MISTYPED_PATH, NOTES_DIRECTORY } from '../../fixtures/notes/variants.ts';
import { scaleService } from '../../fixtures/operator.ts';
import { dataInVolumes } from '../../src/check/checks.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import { volumeArchive } from '../../src/method/volume/volume-archive.ts';
import { helperTar } from '../support/naive-methods.ts';
import { differencesOf, failedChecks, naive } from '../support/scenario.ts';

const LOST = ['sentinel from before the backup present', 'notes match'];
const running = (swarm: Swarm) => ({ swarm, pad: new Notes(swarm), app: new Notes(swarm) });

test('archives a volume of the short name, which the helper has just created', async () => {
  const report = await naive(volumeName, {
    async backup({ swarm, vault, seeded }) {
      const kept = await volumeName.plan.backup({ swarm, vault, seeded });
      const volume = { swarm, node: swarm.node('manager-1'), name: 'notes' };
      return { ...kept, files: await vault.keep(helperTar('.'), volume) };
    },
  });
  expect(failedChecks(report)).toEqual(expect.arrayContaining(LOST));
  expect(report.artifacts.find(({ method }) => method === helperTar('.').name)?.bytes).toBeLessThan(1000);
  expect(report.verdict).toBe('not-recovered');
});

test('refuses to back up a volume of the short name', async () => {
  const report = await naive(volumeName, {
    async backup({ swarm, vault }) {
      const volume = { swarm, node: swarm.node('manager-1'), name: 'notes' };
      return { files: await vault.keep(volumeArchive(), volume) };
    },
  });
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'backup',
      reason: expect.stringContaining('volume notes: does not exist on manager-1'),
    },
  });
});

test('restores into a volume of the short name, next to the one that the service uses', async () => {
  const report = await naive(volumeName, {
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      const files = kept['files'] as Kept<Volume, void>;
      await notes.restoreInto(swarm, {
        files: { restoreInto: (volume) => files.restoreInto({ ...volume, name: 'notes' }) },
      });
      return running(swarm);
    },
  });
  expect(failedChecks(report)).toEqual(expect.arrayContaining([...LOST, 'inventory matches']));
  expect(differencesOf(report, 'inventory matches')).toContain(
    'volumes: notes on manager-1 was not there before',
  );
});

test('scales a service up whose volume was pruned', async () => {
  const report = await naive(prunedVolume, {
    async restore({ survivors }) {
      const swarm = survivors as Swarm;
      await scaleService(swarm, new Notes(swarm).service, 1);
      await swarm.converged();
      return running(swarm);
    },
  });
  expect(failedChecks(report)).toEqual(expect.arrayContaining(LOST));
  expect(report.verdict).toBe('not-recovered');
});

test('scales a service up that had its data in a volume without a name', async () => {
  const report = await naive(anonymousVolume, {
    async restore({ survivors }) {
      const swarm = survivors as Swarm;
      await scaleService(swarm, new Notes(swarm).service, 1);
      await swarm.converged();
      return running(swarm);
    },
  });
  expect(failedChecks(report)).toEqual(expect.arrayContaining([...LOST, 'data in named volumes']));
  expect(differencesOf(report, 'data in named volumes')).toEqual([
    expect.stringContaining(`notes_pad.1: ${NOTES_DIRECTORY} is a volume without a name, with 1 file`),
  ]);
});

test('mounts a volume at a mistyped path, and archives that', async () => {
  let found: unknown;
  const report = await naive(anonymousVolume, {
    async seed({ swarm, seed, size }) {
      const pad = await notes.deploy(swarm, { seed, size, changes: MISTYPED_PATH });
      return { app: pad, pad };
    },
    async backup({ swarm, vault }) {
      found = await dataInVolumes(swarm).observe();
      const volume = { swarm, node: swarm.node('manager-1'), name: notes.volumeName };
      return { files: await vault.keep(volumeArchive(), volume) };
    },
  });
  expect(found).toMatchObject({
    differences: [
      expect.stringMatching(/^notes_pad\.1: \/srv\/notes\/notes\.txt: written outside of every volume/),
    ],
  });
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: { phase: 'backup', reason: expect.stringContaining('nothing to back up, it is empty') },
  });
});
