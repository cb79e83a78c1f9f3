// The only manager is lost, and the machines that replace it have other addresses; the worker lives on. A manager can't change its
// address: raft keeps the one with which it joined, and workers look for their manager there.
// - `advertised`: the state is restored at a new address, with `--advertise-addr`. The CLI prints success, and the option is ignored.
//   Then the state is restored at the old address, which works.
// - `migrated`: the state is restored at the old address first; a new manager joins at a new one, and the old one leaves.
// https://github.com/docker/for-linux/issues/523, https://github.com/moby/moby/issues/34106
import { baselines, checks, disasters, drill, methods, recoveries, seconds } from 'swarm-drill';
import type { Node, Plan, Seeded, Swarm } from 'swarm-drill';
import { finding, waitUntil } from 'swarm-drill/workload';
import { forceByHand, swarmDirectoryByHand } from '../fixtures/by-hand/swarm-directory.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';

interface SeededNotes extends Seeded {
  readonly pad: Notes;
}

const plan = {
  topology: { managers: 1, workers: 1 },
  failure: 'loss of every manager, and of their addresses',
  images: notes.images,
  objectives: { rto: seconds(120), rpo: seconds(1) },
  recoveryPoint: 'latest' as const,
  async seed({ swarm, seed, size }: Parameters<Plan['seed']>[0]): Promise<SeededNotes> {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  baseline: async ({ swarm, seeded: { pad } }: { readonly swarm: Swarm; readonly seeded: SeededNotes }) => ({
    mounted: await baselines.mountedFiles(swarm),
    contents: await pad.contents(),
  }),
  drift: ({ write }: Parameters<Plan['drift']>[0]) => write(5),
  disaster: ({ swarm }: { readonly swarm: Swarm }) => disasters.destroyNodes(swarm, swarm.managers),
};

const migrated = drill('new addresses: restored at the old one, then moved to the new one', {
  variant: 'migrated',
  ...plan,
  backup: async ({ swarm, vault }) => ({ state: await vault.keep(methods.swarmState(), swarm) }),
  async restore({ site, kept, survivors }) {
    const restored = await kept.state.restoreInto(site);
    await recoveries.reconnectNodes(restored, survivors.nodes);
    const swarm = await recoveries.migrateManagers(restored, ['manager-2']);
    // An engine that starts knows only the addresses that it has on disk.
    for (const { name } of swarm.workers) {
      const worker = await (await swarm.node(name).stop()).start();
      await recoveries.reconnectNodes(swarm, [worker]);
    }
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.managersReachable(swarm, 1),
    checks.managersAtTheirAddresses(swarm),
    checks.tasksRunning(swarm),
    // Not the nodes: the manager has another name.
    checks.inventoryMatches(swarm, baseline.inventory, {
      kinds: [
        'cluster identity',
        'join tokens',
        'services',
        'networks',
        'secrets',
        'configs',
        'published ports',
      ],
    }),
    ...pad.checks(baseline.contents),
    checks.newTaskHasItsFiles(swarm, pad.service, baseline.mounted),
  ],
});

/** @throws a finding if raft has another address of the manager than its machine has */
async function requireOwnAddress(node: Node): Promise<void> {
  const { NodeID } = (await node.engine.info()).Swarm;
  const { ManagerStatus } = await waitUntil('the forced manager', async () => ({
    done: await node.engine.nodes.inspect(NodeID),
  }));
  if (!ManagerStatus?.Addr?.startsWith(`${node.address}:`))
    throw finding(
      `the initialisation succeeded, and raft still has the manager at the old address: expected ${node.address}, got ${ManagerStatus?.Addr ?? 'none'}`,
      { code: 'old-address' },
    );
}

const advertised = drill('new addresses: --advertise-addr is accepted and ignored', {
  variant: 'advertised',
  ...plan,
  async backup({ swarm, vault }) {
    const parts = ['certificates', 'raft', 'state.json', 'worker'];
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      directory: await vault.keep(swarmDirectoryByHand(parts), swarm),
    };
  },
  async restore({ site, kept, survivors }) {
    const moved = await site.startNode({ name: 'manager-2', role: 'manager' });
    const attempt = await recoveries.attemptInVain(
      'restore at a new address',
      async () => {
        await kept.directory.restoreInto(moved);
        await forceByHand(moved);
        await requireOwnAddress(moved);
      },
      // Fenced before the restore: two managers would have the same identity.
      () => moved.destroy(),
    );
    const swarm = await kept.state.restoreInto(site);
    await recoveries.reconnectNodes(swarm, survivors.nodes);
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad, attempt };
  },
  verify: ({ restored: { swarm, pad, attempt }, baseline }) => [
    checks.attemptFailed(attempt, /still has the manager at the old address/),
    checks.managersReachable(swarm, 1),
    checks.managersAtTheirAddresses(swarm),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
  ],
});

export { migrated, advertised };
