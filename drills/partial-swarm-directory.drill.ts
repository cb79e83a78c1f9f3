// The only manager is lost, and of its swarm directory only a part was copied. tar exits with 0 in both cases, so it stays unnoticed.
// - `raft`: only raft/. Its key is in the header of certificates/swarm-node.key, so the log can't be read by anyone. What is left is to
//   rebuild the swarm from what was declared outside of it.
// - `certificates`: everything but certificates/. With docker-state.json and without a certificate, the engine deletes the whole
//   directory when it starts. An archive that was kept there would be gone for the next attempt; this one is in the vault.
// https://docs.docker.com/engine/swarm/admin_guide/#back-up-the-swarm
import { checks, disasters, drill, methods, recoveries, seconds } from 'swarm-drill';
import type { Node, Plan, Seeded, Site, Swarm } from 'swarm-drill';
import { finding } from 'swarm-drill/workload';
import { forceByHand, swarmDirectoryByHand } from '../fixtures/by-hand/swarm-directory.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { sealNotesSecrets, withNotesRepository } from '../fixtures/notes/sources.ts';

const MANAGER = { name: 'manager-1', role: 'manager' } as const;

interface SeededNotes extends Seeded {
  readonly pad: Notes;
}

const plan = {
  topology: { managers: 1, workers: 0 },
  failure: 'loss of the only manager, with a backup of a part of its state',
  images: notes.images,
  objectives: { rto: seconds(120), rpo: seconds(120) },
  async seed({ swarm, seed, size }: Parameters<Plan['seed']>[0]): Promise<SeededNotes> {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }: { readonly seeded: SeededNotes }) => ({
    contents: await pad.contents(),
  }),
  drift: ({ write }: Parameters<Plan['drift']>[0]) => write(5),
  disaster: ({ swarm }: { readonly swarm: Swarm }) => disasters.destroyAllNodes(swarm),
};

/** Starts a node for an attempt, and destroys it in any case: the way that works begins on an empty one. */
async function tryOn(site: Site, what: string, attempt: (node: Node) => Promise<unknown>) {
  const node = await site.startNode(MANAGER);
  return recoveries.attemptInVain(
    what,
    () => attempt(node),
    () => node.destroy(),
  );
}

const onlyRaft = drill(
  'partial backup: raft without its key is of no use, and the sources bring the swarm back',
  {
    variant: 'raft',
    ...plan,
    async backup({ swarm, vault, seeded: { pad } }) {
      const { ID } = await (await swarm.manager()).engine.swarm.inspect();
      const secrets = await sealNotesSecrets(swarm);
      const stack = await withNotesRepository(swarm, (source) => vault.keep(methods.gitStack(), source));
      const raft = await vault.keep(swarmDirectoryByHand(['raft']), swarm);
      const files = await vault.keep(methods.volumeArchive(), await pad.volume());
      return {
        raft: {
          name: raft.name,
          async restoreInto(node: Node) {
            await raft.restoreInto(node);
            await forceByHand(node);
            const cluster = (await node.engine.swarm.inspect()).ID;
            if (cluster !== ID)
              throw finding(
                `the engine started another cluster, with nothing in it: expected ${ID}, got ${cluster}`,
                {
                  code: 'other-cluster',
                },
              );
          },
        },
        sources: {
          name: `${stack.name}, ${files.name}`,
          restoreInto: (site: Site) =>
            recoveries.rebuildFromSources(site, {
              topology: plan.topology,
              labels: { 'manager-1': notes.labels },
              stacks: [stack],
              secrets,
              volumes: [{ name: notes.volumeName, on: 'manager-1', kept: files }],
            }),
        },
      };
    },
    async restore({ site, kept }) {
      const attempt = await tryOn(site, 'restore only raft/', (node) => kept.raft.restoreInto(node));
      const swarm = await kept.sources.restoreInto(site);
      const pad = new Notes(swarm);
      return { swarm, pad, app: pad, attempt };
    },
    verify: ({ restored: { swarm, pad, attempt }, baseline }) => [
      checks.attemptFailed(attempt, /another cluster|decrypt|certificate|key/),
      checks.managersReachable(swarm, 1),
      checks.tasksRunning(swarm),
      // The cluster itself is a new one: its id, certificate and tokens are lost.
      checks.inventoryMatches(swarm, baseline.inventory, { loses: ['cluster identity'] }),
      ...pad.checks(baseline.contents),
    ],
  },
);

/** Everything that belongs to the engine's state, without the certificates. */
const WITHOUT_CERTIFICATES = ['docker-state.json', 'raft', 'state.json', 'worker'];

const noCertificates = drill(
  'partial backup: without certificates the engine deletes the state, and the archive survives',
  {
    variant: 'certificates',
    ...plan,
    async backup({ swarm, vault, seeded: { pad } }) {
      const directory = await vault.keep(swarmDirectoryByHand(WITHOUT_CERTIFICATES), swarm);
      return {
        state: await vault.keep(methods.swarmState(), swarm),
        files: await vault.keep(methods.volumeArchive(), await pad.volume()),
        directory: {
          name: directory.name,
          async restoreInto(node: Node) {
            await directory.restoreInto(node);
            const restarted = await (await node.stop()).start();
            const left = await restarted.exec([
              'sh',
              '-c',
              'ls /var/lib/docker/swarm/raft 2>/dev/null || true',
            ]);
            if (left.trim() === '')
              throw finding('the engine deleted raft/ when it started: it found no certificate', {
                code: 'state-deleted',
              });
          },
        },
      };
    },
    async restore({ site, kept }) {
      const attempt = await tryOn(site, 'restore without certificates/', (node) =>
        kept.directory.restoreInto(node),
      );
      const swarm = await kept.state.restoreInto(site);
      const pad = await notes.restoreInto(swarm, kept);
      return { swarm, pad, app: pad, attempt };
    },
    verify: ({ restored: { swarm, pad, attempt }, baseline }) => [
      checks.attemptFailed(attempt, /deleted raft/),
      checks.managersReachable(swarm, 1),
      checks.tasksRunning(swarm),
      checks.inventoryMatches(swarm, baseline.inventory),
      ...pad.checks(baseline.contents),
    ],
  },
);

export { onlyRaft, noCertificates };
