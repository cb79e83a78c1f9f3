// Service export: every service as `docker service inspect` returns it, with the networks, configs, secret names and node labels that
// services need. A restore creates them on a fresh swarm through the API; nothing of raft is copied, so all ids are new.
import type { Limit, Method } from '../../../model/method.ts';
import { finding } from '../../../support/errors.ts';
import { step, typed } from '../../../support/trace.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { defineMethod } from '../../define.ts';
import { unsealSecrets, type SealedSecrets } from '../sealed-secrets.ts';
import { runPreflight } from './preflight.ts';
import { SwarmBuilder } from './rebuild.ts';
import { toDefinition, type SwarmDefinition } from './swarm-definition.ts';
import { readSwarmObjects } from '../swarm-objects.ts';
import { readLocalNetworks } from '../taken-networks.ts';
import { readVolumes } from '../volumes.ts';
import { ObjectCounts, readExport, writeExport } from './export-files.ts';

/** The swarm to create services on. */
export interface RebuildTarget {
  /** A fresh swarm, with its nodes joined. */
  readonly swarm: Swarm;
  /** Read only when the export has secrets. */
  readonly secrets: SealedSecrets;
  /**
   * What waits for `release`, so that data can be restored first: node labels, all services, or the named services.
   * A service that starts before its volume exists gets an empty volume.
   */
  readonly holdBack?: 'node labels' | 'services' | readonly string[];
  /** By host name in the export, or by the id of a node, the host name that replaces it. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Services of the export that are not created. */
  readonly leaveOut?: readonly string[];
}

/** What was created. */
export interface RebuiltServices {
  /** What was created, in order: `network front`, `secret token`, `labels of worker-1`, `service web`. Grows with `release`. */
  readonly created: readonly string[];
  /** By host name, the labels of the export, set or held back. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Sets the labels or creates the services that were held back. Calling it again does nothing. */
  release(): Promise<void>;
}

const LIMITS: readonly Limit[] = [
  {
    sentence:
      'values of secrets: no API returns them, so they come from a sealed file that is kept separately',
  },
  {
    sentence:
      'the cluster itself: its id, CA, join tokens, address pools and settings; all ids, virtual IPs and past tasks',
    loses: ['cluster identity'],
  },
  {
    sentence:
      'that a job or a task that runs once has run: both are created again, and run again on the data that is there; `leaveOut` excludes a service',
  },
  {
    sentence:
      'what belongs to a node: volumes and their data, images, plugins, local networks, daemon configuration, registry logins',
  },
];

/** Exports services through the API of the swarm, and creates them again on a fresh swarm. */
export function serviceExport(): Method<Swarm, RebuildTarget, RebuiltServices> {
  return defineMethod<Swarm, RebuildTarget, RebuiltServices, ObjectCounts>({
    name: 'service export',
    limits: LIMITS,
    metadata: ObjectCounts,

    async backup(swarm, artifact) {
      const objects = await step('read services and what they need', () => readSwarmObjects(swarm));
      if (objects.services.length === 0)
        throw finding('the swarm has no service to export', {
          code: 'nothing-to-export',
          hint: 'Check that this is the right swarm.',
        });
      return writeExport(objects, artifact);
    },

    async restore(artifact, { swarm, secrets, holdBack = [], hosts = {}, leaveOut = [] }) {
      const exported = await step('read the export', () => readExport(artifact));
      const desired = withoutServices(leaveOut, toDefinition(exported, hosts));
      const current = await step('read what the swarm has', async () =>
        toDefinition(await readSwarmObjects(swarm)),
      );
      const needsValues = [...desired.secrets.values()].some(({ Driver }) => !Driver);
      const values = needsValues
        ? await step('open the sealed secrets', () => unsealSecrets(secrets))
        : new Map<string, Buffer>();
      const namedServices = typeof holdBack === 'string' ? [] : holdBack;
      const exportedServices = new Set(exported.services.map(({ Spec }) => Spec.Name));
      refuse([
        ...[...leaveOut, ...namedServices]
          .filter((name) => !exportedServices.has(name))
          .map((name) => `no service ${name} in the export`),
        ...runPreflight(desired, current, {
          values,
          localNetworks: await readLocalNetworks(swarm),
          volumes: await readVolumes(swarm),
          startsAtOnce: (name) =>
            typeof holdBack === 'string' ? false : !holdBack.includes(name) && !current.services.has(name),
        }),
      ]);

      const manager = await swarm.manager();
      const { engine } = manager;
      /** The CLI has no command that takes a specification; the engine's API does. */
      const posted = (kind: string) =>
        typed(
          manager,
          `curl --fail --unix-socket /var/run/docker.sock --json @<${kind}>.json http://docker/${kind}s/create  # for each ${kind}`,
        );
      const builder = new SwarmBuilder(swarm, engine, desired, current);
      await step('create networks', () => builder.createNetworks(), posted('network'));
      await step(
        'create configs and secrets',
        async () => {
          await builder.createConfigs();
          await builder.createSecrets(values);
        },
        typed(manager, 'docker config create <name> <file>; docker secret create <name> <file>  # for each'),
      );
      await step('set the availability of nodes', () => builder.setAvailability());
      if (holdBack !== 'node labels') await step('set node labels', () => builder.setLabels());
      const all = [...desired.services.keys()];
      const heldBack = holdBack === 'services' ? all : namedServices;
      await step('compare what was created with the export', () =>
        builder.compareObjects({ labels: holdBack !== 'node labels' }),
      );
      await step(
        'create services',
        () => builder.createServices(all.filter((name) => !heldBack.includes(name))),
        posted('service'),
      );
      let released: Promise<void> | undefined;
      return {
        created: builder.created,
        labels: builder.labels,
        release: () =>
          (released ??= step('release what was held back', async () => {
            await builder.createServices(heldBack);
            if (holdBack === 'node labels') await builder.setLabels();
            await builder.compareObjects({ labels: true });
          })),
      };
    },
  });
}

const withoutServices = (names: readonly string[], definition: SwarmDefinition): SwarmDefinition => ({
  ...definition,
  services: new Map([...definition.services].filter(([name]) => !names.includes(name))),
});

function refuse(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  throw finding(`cannot rebuild the export here (nothing was created): ${reasons.join('; ')}`, {
    code: 'not-rebuildable',
    hint: 'Fix these, exclude a service with `leaveOut`, or map the host to its replacement with `hosts`.',
  });
}
