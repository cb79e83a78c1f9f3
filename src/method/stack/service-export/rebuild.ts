// Creates a definition on a swarm with other ids, in the order in which objects depend on each other. Every error lists what was created
// before it.
import type { NetworkSpec, ServiceSpec } from '../../../lab/engine/api.ts';
import type { Engine } from '../../../lab/engine/engine.ts';
import { seconds } from '../../../support/clock.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import { waitUntil, type Answer } from '../../../support/poll.ts';
import { step } from '../../../support/trace.ts';
import { tunnelIdsOf, withoutTunnelIds } from '../../../swarm/network-spec.ts';
import { mapReferences, toComparableSpec, type ReferenceKind } from '../../../swarm/service/service-spec.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import type { SecretValues } from '../sealed-secrets.ts';
import { shareTunnels } from '../taken-networks.ts';
import { compareObjects, findShortfalls } from './compare.ts';
import { toDefinition, type SwarmDefinition } from './swarm-definition.ts';
import { readSwarmObjects, type SwarmObjects } from '../swarm-objects.ts';

/** How long the swarm may take to give a network its addresses. */
const ALLOCATION = seconds(10);

export class SwarmBuilder {
  readonly #swarm: Swarm;
  readonly #engine: Engine;
  readonly #desired: SwarmDefinition;
  readonly #current: SwarmDefinition;
  readonly #created: string[] = [];
  /** Specs of the networks that were created. */
  readonly #networks = new Map<string, NetworkSpec>();

  /** @param current existing objects, which are not changed */
  constructor(swarm: Swarm, engine: Engine, desired: SwarmDefinition, current: SwarmDefinition) {
    this.#swarm = swarm;
    this.#engine = engine;
    this.#desired = desired;
    this.#current = current;
  }

  /** What was created so far, in order. */
  get created(): readonly string[] {
    return this.#created;
  }

  /** Networks without ids of tunnels come last: the engine must not assign an id that another network requests. */
  async createNetworks(): Promise<void> {
    const missing = [...this.#desired.networks.values()].filter(
      ({ Name }) => !this.#current.networks.has(Name),
    );
    const specs = missing.map((spec) => withFreeTunnels(spec, [...this.#current.networks.values()]));
    for (const spec of specs.toSorted((a, b) => tunnelIdsOf(b).length - tunnelIdsOf(a).length)) {
      await this.#create(`network ${spec.Name}`, () =>
        this.#engine.networks.create({ ...spec, Scope: 'swarm' }),
      );
      await this.#waitForAddresses(spec.Name);
      this.#networks.set(spec.Name, spec);
    }
  }

  async createConfigs(): Promise<void> {
    for (const [name, spec] of this.#desired.configs)
      if (!this.#current.configs.has(name))
        await this.#create(`config ${name}`, () => this.#engine.configs.create(spec));
  }

  async createSecrets(values: SecretValues): Promise<void> {
    for (const [name, spec] of this.#desired.secrets) {
      const value = values.get(name);
      const Data = value && !spec.Driver ? { Data: Buffer.from(value).toString('base64') } : {};
      await this.#create(`secret ${name}`, () => this.#engine.secrets.create({ ...spec, ...Data }));
    }
  }

  async setAvailability(): Promise<void> {
    const members = await this.#engine.nodes.list();
    for (const { ID, Version, Spec, Description } of members) {
      const Availability = this.#desired.nodes.get(Description.Hostname)?.availability;
      if (Availability && Availability !== Spec.Availability)
        await this.#create(`availability ${Availability} of ${Description.Hostname}`, async () => {
          await this.#engine.nodes.update(ID, Version, { ...Spec, Availability });
        });
    }
  }

  /** By host name, the labels of the export for ready nodes of this swarm. */
  get labels(): Record<string, Record<string, string>> {
    return Object.fromEntries(
      [...this.#desired.nodes]
        .filter(([host]) => this.#current.nodes.get(host)?.ready)
        .map(([host, { labels }]) => [host, { ...labels }]),
    );
  }

  async setLabels(): Promise<void> {
    for (const [host, labels] of Object.entries(this.labels))
      if (Object.keys(labels).length > 0)
        await this.#create(`labels of ${host}`, () => this.#swarm.label(host, labels));
  }

  /** Creates those of `names` that do not exist, then checks that the engine kept every setting. */
  async createServices(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#current.services.has(name));
    const ids = idsOf(await readSwarmObjects(this.#swarm));
    for (const name of missing) {
      const spec = mapReferences(
        this.#spec(name),
        (kind, reference) => ids[kind].get(reference) ?? reference,
      );
      await this.#create(`service ${name}`, () => this.#engine.services.create(spec));
    }
    await step('compare the services with the export', async () => {
      const now = toDefinition(await readSwarmObjects(this.#swarm));
      const specs = new Map(missing.map((name) => [name, this.#spec(name)]));
      this.#refuseDifferences('services', findShortfalls('service', specs, now.services, toComparableSpec));
    });
  }

  /** Reads back what the other steps created, and compares it with the export. */
  async compareObjects({ labels }: { readonly labels: boolean }): Promise<void> {
    const nodes = [...this.#desired.nodes].filter(([host]) => this.#current.nodes.get(host)?.ready);
    const desired = { ...this.#desired, networks: this.#networks, nodes: new Map(nodes) };
    const now = toDefinition(await readSwarmObjects(this.#swarm));
    this.#refuseDifferences('objects', compareObjects(desired, now, labels));
  }

  #refuseDifferences(what: string, found: readonly string[]): void {
    if (found.length > 0) throw this.#stopped(`created ${what} differ from the export: ${found.join('; ')}`);
  }

  #spec(name: string): ServiceSpec {
    const spec = this.#desired.services.get(name);
    if (!spec) throw new Error(`no service ${name}`);
    return spec;
  }

  async #waitForAddresses(name: string): Promise<void> {
    const asked = async (): Promise<Answer<true>> => {
      const { Driver } = await this.#engine.networks.inspect(name);
      return Driver === '' ? { notYet: 'none yet; its subnet may be taken' } : { done: true };
    };
    await waitUntil(`addresses for network ${name}`, asked, { limit: ALLOCATION }).catch((cause: unknown) => {
      throw this.#stopped(reasonOf(cause), cause);
    });
  }

  async #create(what: string, create: () => Promise<unknown>): Promise<void> {
    try {
      await create();
    } catch (cause) {
      throw this.#stopped(`cannot create ${what}: ${reasonOf(cause)}`, cause);
    }
    this.#created.push(what);
  }

  #stopped(reason: string, cause?: unknown): Error {
    return finding(`rebuild stopped: ${reason}`, {
      code: 'rebuild-stopped',
      output: `created before: ${this.#created.join(', ') || 'nothing'}`,
      hint: 'Fix the cause, then restore to a fresh swarm, or remove what was created first: existing secrets are refused.',
      cause,
    });
  }
}

/** Returns the spec without ids of tunnels if another network has one: the engine assigns others. */
const withFreeTunnels = (network: NetworkSpec, others: readonly NetworkSpec[]): NetworkSpec =>
  others.some((other) => shareTunnels(network, other)) ? withoutTunnelIds(network) : network;

/** Returns the ids of this swarm by kind and name. The engine knows `host` and `bridge` by name. */
function idsOf({
  networks,
  secrets,
  configs,
  nodes,
}: SwarmObjects): Record<ReferenceKind, Map<string, string>> {
  return {
    network: new Map(networks.map(({ Id, Name }) => [Name, Id])),
    secret: new Map(secrets.map(({ ID, Spec }) => [Spec.Name, ID])),
    config: new Map(configs.map(({ ID, Spec }) => [Spec.Name, ID])),
    node: new Map(
      nodes
        .filter(({ Status }) => Status.State === 'ready')
        .map(({ ID, Description }) => [Description.Hostname, ID]),
    ),
  };
}
