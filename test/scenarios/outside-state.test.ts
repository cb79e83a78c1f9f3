// The traps of the drills about what a backup of swarm state does not have: the naive recovery, and the check that turns red.
import { expect, test } from 'vitest';
import { checks, disasters, seconds, type Site, type Swarm } from 'swarm-drill';
import { waitUntil } from 'swarm-drill/workload';
import offlineImage from '../../drills/offline-image.drill.ts';
import outsideRaft from '../../drills/outside-raft.drill.ts';
import { noCertificates } from '../../drills/partial-swarm-directory.drill.ts';
import stackRemoved from '../../drills/stack-removed.drill.ts';
import { notes, Notes } from '../../fixtures/notes/notes.ts';
import { artifact, outcome, resultOf } from '../support/control.ts';

test('stack removed: a work tree that is ahead is other code, and a subnet that it does not name is another one', async () => {
  const report = await outcome(() => ({
    ...stackRemoved.plan,
    async restore(context) {
      const restored = await stackRemoved.plan.restore(context);
      const { swarm } = restored;
      await disasters.removeServices(swarm, `${notes.stack}_pad`);
      const { engine } = await swarm.manager();
      await waitUntil('the removal of the network', async () => ({
        done: await engine.networks.remove(`${notes.stack}_notes`),
      }));
      await swarm.deploy(notes.stack, notes.compose(swarm, { changes: [['delay: 1s', 'delay: 2s']] }));
      return restored;
    },
  }));
  expect(resultOf(report, 'inventory matches')).toMatchObject({
    result: 'fail',
    differences: expect.arrayContaining([
      expect.stringContaining('RestartPolicy.Delay'),
      expect.stringContaining('networks: notes_notes.IPAM.Config'),
    ]),
  });
});

test('partial backup: an archive in the swarm directory is deleted with it', async () => {
  let isLeft: string | undefined;
  await outcome(() => ({
    ...noCertificates.plan,
    async restore(context) {
      const node = await context.site.startNode({ name: 'manager-1', role: 'manager' });
      await node.exec([
        'sh',
        '-c',
        'mkdir -p /var/lib/docker/swarm && echo copy >/var/lib/docker/swarm/backup.tar',
      ]);
      await artifact(context, 'directory')
        .restoreInto(node)
        .catch(() => undefined);
      isLeft = await (
        await node.reconnect()
      ).exec(['sh', '-c', 'cat /var/lib/docker/swarm/backup.tar 2>/dev/null || true']);
      throw new Error('the control ends here');
    },
  }));
  expect(isLeft).toBe('');
});

test('offline image: without the saved image no task starts', async () => {
  const report = await outcome(() => ({
    ...offlineImage.plan,
    firstResponseLimit: seconds(5),
    async restore(context) {
      const swarm = await artifact<Site, Swarm>(context, 'state').restoreInto(context.site);
      return { swarm, app: new Notes(swarm) };
    },
  }));
  expect(report).toMatchObject({ verdict: 'not-recovered', failure: { phase: 'first-response' } });
});

test('outside of raft: a comparison of what raft has is green without the host', async () => {
  const report = await outcome(() => ({
    ...outsideRaft.plan,
    async restore(context) {
      const restored = await outsideRaft.plan.restore(context);
      const [node] = restored.swarm.nodes;
      await node?.exec(['docker', 'rm', '--force', 'proxy']);
      await node?.exec(['docker', 'network', 'rm', 'office']);
      await node?.exec(['rm', '/etc/docker/daemon.json']);
      return restored;
    },
    verify: ({ restored: { swarm }, baseline }) => [
      {
        ...checks.inventoryMatches(swarm, baseline.inventory, {
          kinds: ['cluster identity', 'services', 'networks', 'secrets', 'configs', 'nodes', 'node labels'],
        }),
        name: 'raft matches',
      },
      checks.inventoryMatches(swarm, baseline.inventory),
    ],
  }));
  expect(resultOf(report, 'raft matches').result).toBe('pass');
  expect(resultOf(report, 'inventory matches')).toMatchObject({
    result: 'fail',
    differences: expect.arrayContaining([
      expect.stringContaining('local networks: office'),
      expect.stringContaining('containers outside of Swarm'),
      expect.stringContaining('daemon configuration'),
    ]),
  });
});
