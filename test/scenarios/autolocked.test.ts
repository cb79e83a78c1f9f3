// Recoveries of autolocked swarms that look right and are not.
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { allManagers, lostKey, rotatedKey, singleManager } from '../../drills/autolocked-swarm.drill.ts';
import { Notes } from '../../fixtures/notes/notes.ts';
import { methods, type Method, type Swarm } from '../../src/index.ts';
import type { Plan } from '../../src/drill/plan.ts';
import { outcome, resultOf } from '../support/control.ts';

const archive = methods.volumeArchive();
const state = methods.swarmState();

/** The plan, with something done to the restored swarm before its checks. */
const followedBy = (plan: Plan, step: (swarm: Swarm) => Promise<unknown>): Plan => ({
  ...plan,
  verify: (context) => [
    {
      name: 'naive step',
      required: true,
      doesNotProve: 'anything',
      covers: [],
      async observe() {
        await step(context.restored.swarm);
        return { compared: 1, differences: [] };
      },
    },
    ...plan.verify(context),
  ],
});

test("adds the forced initialisation of Docker's guide to the unlock, which locks the manager out", async () => {
  const report = await outcome(() =>
    followedBy(singleManager.plan, async (swarm) => {
      const { engine, address } = await swarm.manager();
      const request = { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: address, ForceNewCluster: true };
      await expect(engine.swarm.init(request)).rejects.toThrow('Swarm is encrypted and needs to be unlocked');
      // Nothing else shows it: the service still answers.
      expect(await engine.containers.list()).toHaveLength(1);
    }),
  );
  expect(resultOf(report, 'naive step')).toMatchObject({ result: 'pass' });
  expect(resultOf(report, 'swarm locked')).toMatchObject({
    result: 'fail',
    differences: ['manager-1: expected its swarm to be active, it is inactive'],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('leaves autolock off after the recovery of several managers', async () => {
  const report = await outcome(() =>
    followedBy(allManagers.plan, async (swarm) =>
      (await swarm.manager()).exec(['docker', 'swarm', 'update', '--autolock=false']),
    ),
  );
  expect(resultOf(report, 'swarm locked')).toMatchObject({
    result: 'fail',
    differences: expect.arrayContaining(['expected autolock on, got off']),
  });
  expect(resultOf(report, 'unlock key as expected')).toMatchObject({ result: 'fail' });
  expect(report.verdict).toBe('not-recovered');
});

test('takes the unlock key that is said to be lost from the swarm itself', async () => {
  const report = await outcome(() => ({
    ...lostKey.plan,
    async backup(context) {
      const kept = await lostKey.plan.backup(context);
      return { ...kept, state: await context.vault.keep(state, context.swarm) };
    },
  }));
  expect(resultOf(report, 'restore refused')).toMatchObject({
    result: 'fail',
    differences: ['expected the restore to be refused (no-unlock-key): it restored the swarm'],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('keeps only the newest unlock key', async () => {
  let newest = '';
  /** The artifact's keys, with the unlock key of today. */
  const withNewestKey = async function* (keys: Readable): AsyncIterable<string> {
    yield JSON.stringify({ ...((await json(keys)) as object), unlockKey: newest });
  };
  const newestOnly: Method<Swarm, Parameters<typeof state.restore>[1], Swarm> = {
    ...state,
    restore: (artifact, target) =>
      state.restore(
        {
          ...artifact,
          open: (file) =>
            file === 'keys.json' ? Readable.from(withNewestKey(artifact.open(file))) : artifact.open(file),
        },
        target,
      ),
  };
  const report = await outcome(() => ({
    ...rotatedKey.plan,
    backup: async ({ swarm, vault }) => ({
      state: await vault.keep(newestOnly, swarm),
      files: await vault.keep(archive, await new Notes(swarm).volume()),
    }),
    async drift(context) {
      await rotatedKey.plan.drift(context);
      newest = await (await context.swarm.manager()).engine.swarm.unlockKey();
    },
  }));
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'restore',
      reason: expect.stringContaining(
        'the unlock key does not match the key that this manager is locked with',
      ),
    },
  });
  expect(JSON.stringify(report)).not.toContain(newest.slice('SWMKEY-1-'.length));
});
