// Service export: `docker service inspect` of every service, with the networks, configs, secrets' names and node labels that the
// services need, made anew on a fresh swarm. Nothing of raft travels, so every id is another one afterwards.
import { finding } from '../../../support/errors.ts';
import { step } from '../../../support/trace.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import type { Method } from '../../../model/method.ts';
import { unsealSecrets, type SealedSecrets } from '../sealed-secrets.ts';
import { toDefinition, type SwarmDefinition } from './swarm-definition.ts';
import { readExport, writeExport, readSwarmObjects } from './swarm-objects.ts';
import { SwarmBuilder } from './rebuild.ts';
import { runPreflight } from './preflight.ts';

export interface RebuildTarget {
  /** A fresh one, its nodes joined. */
  readonly swarm: Swarm;
  /** Read only when the export has secrets. */
  readonly secrets: SealedSecrets;
  /**
   * What waits for `release`, so that data can be put in place first: the node labels, every service, or the services named.
   * A service that starts before its volume is there gets an empty one.
   */
  readonly holdBack?: 'node labels' | 'services' | readonly string[];
  /** For a host that the export names, the host that takes its place here. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Services that are knowingly left behind. */
  readonly leaveOut?: readonly string[];
}

export interface RebuiltServices {
  /** What was created, in order: `network front`, `secret token`, `labels of worker-1`, `service web`. Grows with `release`. */
  readonly made: readonly string[];
  /** By host name, the labels that the export has for it, whether they are set already or held back. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Sets or starts what was held back; the second time there is nothing left to do. */
  release(): Promise<void>;
}

export const serviceExport: Method<Swarm, RebuildTarget, RebuiltServices> = {
  name: 'service export',
  cannotHold: [
    'values of secrets: no API gives them, so they come from a sealed file that is kept apart',
    'the cluster itself: its id, CA, join tokens, address pools and settings, and every id, virtual IP and past task',
    'that a job has run: a job is made anew, and runs again',
    'what a node has by itself: volumes and their data, images, plugins, local networks, daemon configuration, registry logins',
  ],
  loses: ['cluster identity'],

  async backup(swarm, { put }) {
    const definition = await step('read services and what they need', () => readSwarmObjects(swarm));
    if (definition.services.length === 0)
      throw finding('the swarm has no service: there is nothing to export', {
        code: 'nothing-to-export',
        hint: 'see that this is the swarm that was meant',
      });
    return writeExport(definition, put);
  },

  async restore(artifact, { swarm, secrets, holdBack = [], hosts = {}, leaveOut = [] }) {
    const exported = await step('read the export', () => readExport(artifact));
    const wanted = without(leaveOut, toDefinition(exported, hosts));
    const standing = await step('look at what stands already', async () =>
      toDefinition(await readSwarmObjects(swarm)),
    );
    const needed = [...wanted.secrets.values()].some(({ Driver }) => !Driver);
    const values = needed
      ? await step('open the sealed secrets', () => unsealSecrets(secrets))
      : new Map<string, Buffer>();
    const waiting = typeof holdBack === 'string' ? [] : holdBack;
    refuse([
      ...unknown([...leaveOut, ...waiting], new Set(exported.services.map(({ Spec }) => Spec.Name))),
      ...runPreflight(wanted, standing, values),
    ]);

    const { docker } = await swarm.manager();
    const builder = new SwarmBuilder(swarm, docker, wanted, standing);
    await step('networks', () => builder.networks());
    await step('configs and secrets', async () => {
      await builder.configs();
      await builder.secrets(values);
    });
    await step('nodes', () => builder.availability());
    if (holdBack !== 'node labels') await step('node labels', () => builder.setLabels());
    const all = [...wanted.services.keys()];
    const held = holdBack === 'services' ? all : waiting;
    await step('services', () => builder.services(all.filter((name) => !held.includes(name))));
    let released: Promise<void> | undefined;
    return {
      made: builder.made,
      labels: builder.labels,
      release: () =>
        (released ??= step('what was held back', () =>
          holdBack === 'node labels' ? builder.setLabels() : builder.services(held),
        )),
    };
  },
};

const without = (names: readonly string[], blueprint: SwarmDefinition): SwarmDefinition => ({
  ...blueprint,
  services: new Map([...blueprint.services].filter(([name]) => !names.includes(name))),
});

const unknown = (names: readonly string[], services: ReadonlySet<string>): string[] =>
  names.filter((name) => !services.has(name)).map((name) => `the export has no service ${name}`);

function refuse(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  throw finding(`the export can't be rebuilt here, and nothing was created: ${reasons.join('; ')}`, {
    code: 'not-rebuildable',
    hint: 'mend each of these, or leave a service behind with leaveOut, or name a host’s successor with hosts',
  });
}
