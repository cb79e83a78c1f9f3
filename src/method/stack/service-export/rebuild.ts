// Building what a blueprint says on a swarm of other ids, in the order in which one thing needs the other. Whatever goes wrong, the
// error lists what was made until then.
import type { Docker } from '../../../lab/engine/connect.ts';
import { seconds } from '../../../support/clock.ts';
import { differences } from '../../../support/differences.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import { waitUntil, type Answer } from '../../../support/poll.ts';
import { step } from '../../../support/trace.ts';
import {
  comparableSpec,
  withReferences,
  type Network,
  type ReferenceKind,
  type ServiceSpec,
} from '../../../swarm/portable.ts';
import type { Member, Swarm } from '../../../swarm/swarm.ts';
import type { SecretValues } from '../sealed-secrets.ts';
import { toDefinition, type SwarmDefinition } from './swarm-definition.ts';
import { readSwarmObjects, type SwarmObjects } from './swarm-objects.ts';

/** How long the swarm may take to give a network its addresses. */
const ALLOCATION = seconds(10);

export class SwarmBuilder {
  readonly #swarm: Swarm;
  readonly #docker: Docker;
  readonly #wanted: SwarmDefinition;
  readonly #standing: SwarmDefinition;
  readonly #made: string[] = [];

  /** @param standing what is there already and stays as it is */
  constructor(swarm: Swarm, docker: Docker, wanted: SwarmDefinition, standing: SwarmDefinition) {
    this.#swarm = swarm;
    this.#docker = docker;
    this.#wanted = wanted;
    this.#standing = standing;
  }

  /** What was created so far, in order. */
  get made(): readonly string[] {
    return this.#made;
  }

  async networks(): Promise<void> {
    for (const [name, definition] of this.#wanted.networks)
      if (!this.#standing.networks.has(name)) {
        await this.#make(`network ${name}`, () =>
          this.#docker.createNetwork({ ...definition, Name: name, Scope: 'swarm' }),
        );
        await this.#allocated(name);
      }
  }

  async configs(): Promise<void> {
    for (const [name, spec] of this.#wanted.configs)
      if (!this.#standing.configs.has(name))
        await this.#make(`config ${name}`, () => this.#docker.createConfig(spec));
  }

  async secrets(values: SecretValues): Promise<void> {
    for (const [name, spec] of this.#wanted.secrets) {
      const value = values.get(name);
      const Data = value && !spec.Driver ? { Data: Buffer.from(value).toString('base64') } : {};
      await this.#make(`secret ${name}`, () => this.#docker.createSecret({ ...spec, ...Data }));
    }
  }

  async availability(): Promise<void> {
    const members = (await this.#docker.listNodes()) as Member[];
    for (const { ID, Version, Spec, Description } of members) {
      const Availability = this.#wanted.nodes.get(Description.Hostname)?.availability;
      if (Availability && Availability !== Spec.Availability)
        await this.#make(`availability ${Availability} of ${Description.Hostname}`, async () => {
          // eslint-disable-next-line @typescript-eslint/await-thenable -- it is a promise; its types know the callback alone
          await this.#docker.getNode(ID).update({ version: Version.Index, ...Spec, Availability } as never);
        });
    }
  }

  /** Those that this swarm has a host for. */
  get labels(): Record<string, Record<string, string>> {
    return Object.fromEntries(
      [...this.#wanted.nodes]
        .filter(([host]) => this.#standing.nodes.get(host)?.ready)
        .map(([host, { labels }]) => [host, { ...labels }]),
    );
  }

  async setLabels(): Promise<void> {
    for (const [host, labels] of Object.entries(this.labels))
      if (Object.keys(labels).length > 0)
        await this.#make(`labels of ${host}`, () => this.#swarm.label(host, labels));
  }

  /** Creates those of `names` that aren't there, then sees that the engine made of them what was asked. */
  async services(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#standing.services.has(name));
    const ids = idsOf(await readSwarmObjects(this.#swarm));
    for (const name of missing) {
      const spec = withReferences(
        this.#spec(name),
        (kind, reference) => ids[kind].get(reference) ?? reference,
      );
      await this.#make(`service ${name}`, () => this.#docker.createService(spec as never));
    }
    await step('compare them with the export', async () => {
      const now = toDefinition(await readSwarmObjects(this.#swarm)).services;
      const found = missing.flatMap((name) => {
        const made = now.get(name);
        if (!made) return [`${name} is gone again`];
        return differences(comparableSpec(this.#spec(name)), comparableSpec(made)).map(
          (one) => `${name}${one}`,
        );
      });
      if (found.length > 0)
        throw this.#stopped(`the engine made other services than were asked for: ${found.join('; ')}`);
    });
  }

  #spec(name: string): ServiceSpec {
    const spec = this.#wanted.services.get(name);
    if (!spec) throw new Error(`no service ${name}`);
    return spec;
  }

  async #allocated(name: string): Promise<void> {
    const asked = async (): Promise<Answer<true>> => {
      const { Driver } = (await this.#docker.getNetwork(name).inspect()) as Network;
      return Driver === '' ? { notYet: 'none so far; perhaps its subnet is taken' } : { done: true };
    };
    await waitUntil(`addresses for the network ${name}`, asked, { limit: ALLOCATION }).catch(
      (cause: unknown) => {
        throw this.#stopped(reasonOf(cause), cause);
      },
    );
  }

  async #make(what: string, make: () => Promise<unknown>): Promise<void> {
    try {
      await make();
    } catch (cause) {
      throw this.#stopped(`the ${what} could not be made: ${reasonOf(cause)}`, cause);
    }
    this.#made.push(what);
  }

  #stopped(reason: string, cause?: unknown): Error {
    return finding(`the rebuild stopped: ${reason}`, {
      code: 'rebuild-stopped',
      output: `made until then: ${this.#made.join(', ') || 'nothing'}`,
      hint: 'mend that, and begin again with a fresh swarm, or remove first what was made; secrets that are there already are refused',
      cause,
    });
  }
}

/** The ids of this swarm by kind and name. `host` and `bridge` are known to the engine by name. */
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
