// The recoveries that people get wrong with a service that nothing ties to its data.
import { expect, test } from 'vitest';
import type { Swarm } from 'swarm-drill';
import { rescheduled, totalLoss } from '../../drills/unpinned-service.drill.ts';
import { Notes, notes } from '../../fixtures/notes/notes.ts';
import { failedChecks, naive } from '../support/scenario.ts';

/** What a fresh, empty volume looks like: the service runs, accepts writes, and has nothing from before. */
const EMPTY = ['sentinel from before the backup present', 'volumes pinned to nodes', 'notes match'];

const restoredOn = (swarm: Swarm) => ({ swarm, pad: new Notes(swarm), app: new Notes(swarm) });

test('takes a rescheduled service for recovered, which has an empty volume', async () => {
  const report = await naive(rescheduled, {
    async restore({ survivors }) {
      const swarm = survivors as Swarm;
      await swarm.converged();
      return restoredOn(swarm);
    },
  });
  expect(failedChecks(report)).toEqual(expect.arrayContaining(EMPTY));
  expect(report.verdict).toBe('not-recovered');
});

test('restores the volume to the node that had it, while the service runs on another', async () => {
  const report = await naive(totalLoss, {
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      await swarm.join({ workers: 1 });
      await swarm.removeLostMembers();
      await kept['files']?.restoreInto({ swarm, node: swarm.node('worker-1'), name: notes.volumeName });
      await swarm.converged();
      return restoredOn(swarm);
    },
  });
  expect(failedChecks(report)).toEqual(expect.arrayContaining([...EMPTY, 'mounted volumes match']));
  expect(report.checks.flatMap(({ differences }) => differences)).toContainEqual(
    expect.stringMatching(/exists on 2 nodes \(1 before\)/),
  );
  expect(report.verdict).toBe('not-recovered');
});
