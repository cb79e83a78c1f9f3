// The objects of a swarm as its API returns them: what both methods of this folder read, record and compare.
import { z } from 'zod';
import type {
  Member,
  NetworkInspection,
  SecretOrConfig,
  SecretOrConfigSpec,
  ServiceInspection,
} from '../../lab/engine/api.ts';
import { inspectUnlistedNetworks } from '../../swarm/inventory.ts';
import type { Swarm } from '../../swarm/swarm.ts';

export interface SwarmObjects {
  readonly services: readonly ServiceInspection[];
  /** Of swarm scope; includes `host` and `bridge` when a service names them. */
  readonly networks: readonly NetworkInspection[];
  readonly configs: readonly SecretOrConfig[];
  readonly secrets: readonly SecretOrConfig[];
  readonly nodes: readonly Member[];
}

export async function readSwarmObjects(swarm: Swarm): Promise<SwarmObjects> {
  const { engine } = await swarm.manager();
  const [services, all, configs, secrets, nodes] = await Promise.all([
    engine.services.list(),
    engine.networks.list(),
    engine.configs.list(),
    engine.secrets.list(),
    engine.nodes.list(),
  ]);
  const networks = all.filter(({ Scope }) => Scope === 'swarm');
  networks.push(...(await inspectUnlistedNetworks(engine, services, networks)));
  return { services, networks, configs, secrets, nodes };
}

/** Returns the names of all objects by their ids; for a node, its host name. */
export function namesById({
  services,
  networks,
  configs,
  secrets,
  nodes,
}: SwarmObjects): Map<string, string> {
  return new Map([
    ...networks.map(({ Id, Name }) => [Id, Name] as const),
    ...[...services, ...configs, ...secrets].map(({ ID, Spec }) => [ID, Spec.Name] as const),
    ...nodes.map(({ ID, Description }) => [ID, Description.Hostname] as const),
  ]);
}

/** An object with a name, and any other field. */
export const NamedObject = z.looseObject({ Name: z.string() });

export const SecretSpecSchema: z.ZodType<SecretOrConfigSpec> = NamedObject.extend({
  /** A secret driver: a plugin provides the value, and the swarm has none. */
  Driver: NamedObject.optional(),
  Templating: NamedObject.optional(),
  /** Bytes of a config, as base64. No API returns those of a secret. */
  Data: z.base64().optional(),
});
