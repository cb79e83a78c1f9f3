// The place where a swarm stands: a network with fixed addresses and the right to start nodes on it. The site outlives the
// swarm; a restore gets the site, never the old swarm.
import { readFile } from 'node:fs/promises';
import type { Engine } from '../lab/engine/engine.ts';
import { ignoreNotFound } from '../lab/engine/errors.ts';
import { MAKE_DISK } from '../lab/disk.ts';
import { connect } from '../lab/engine/connect.ts';
import { execInContainer } from '../lab/engine/process.ts';
import { DRILL_LABEL, OWNER_LABEL, ownerOf, RUN_LABEL } from '../lab/labels.ts';
import type { LabFacts } from '../lab/lab.ts';
import { NODE_START } from '../lab/prepare.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import type { Scope } from '../support/scope.ts';
import { step } from '../support/trace.ts';
import { containerOf, Node, referenceOf, StoppedNode, type NodeSpec } from './node.ts';
import { Swarm, SWARM_PORT } from './swarm.ts';

export interface SiteOptions {
  readonly lab: LabFacts;
  /** The run's id and the drill's name: on every object's labels. */
  readonly run: string;
  readonly drill: string;
  readonly scope: Scope;
}

type Role = 'manager' | 'worker';

interface NamedContainer {
  readonly name: string;
  readonly id: string;
}

/** A network with fixed addresses where nodes can be started. It outlives the swarm: a restore gets the site. */
export class Site {
  readonly lab: LabFacts;
  readonly #engine: Engine;
  readonly #options: SiteOptions;
  readonly #network: string;
  readonly #prefix: string;
  readonly #porter: string;
  readonly #script: string;
  /** Names of all volumes that were made here. */
  readonly #disks: string[] = [];
  #removals: ReadonlyMap<string, Promise<void>> | undefined;
  #started = 0;

  private constructor(
    options: SiteOptions,
    parts: { network: string; prefix: string; porter: string; script: string },
  ) {
    this.lab = options.lab;
    this.#engine = connect(options.lab.host);
    this.#options = options;
    this.#network = parts.network;
    this.#prefix = parts.prefix;
    this.#porter = parts.porter;
    this.#script = parts.script;
  }

  /** Makes the network. Everything of the site goes when `scope` is closed. */
  static async open(options: SiteOptions): Promise<Site> {
    const engine = connect(options.lab.host);
    const labels = labelsOf(options);
    const name = `swarm-drill-${options.run}-${options.drill}`;
    options.scope.defer('remove the network', () => ignoreNotFound(engine.networks.remove(name)));
    const prefix = await createNetwork(engine, name, labels);
    const porter = `${name}-porter`;
    options.scope.defer('remove the disk helper', () => ignoreNotFound(engine.containers.remove(porter)));
    await startPorter(engine, porter, labels, referenceOf(options.lab, 'node'));
    return new Site(options, { network: name, prefix, porter, script: await readFile(NODE_START, 'utf8') });
  }

  /** Labels of everything here. */
  get labels(): Readonly<Record<string, string>> {
    return labelsOf(this.#options);
  }

  /** Docker's name of the network. Whatever else belongs to the drill is named after it. */
  get network(): string {
    return this.#network;
  }

  /** The address at which nodes find what is outside of the site. */
  get gatewayAddress(): string {
    return `${this.#prefix}.250`;
  }

  /** The fixed address of a node of that name: the same in every swarm of this site. */
  addressOf(name: string): string {
    const [role, number] = name.split('-') as [Role, string];
    return `${this.#prefix}.${(role === 'manager' ? 10 : 30) + Number(number)}`;
  }

  freeNames(role: Role, count: number, swarm: Swarm): string[] {
    const taken = new Set(swarm.nodes.map(({ name }) => name));
    const names: string[] = [];
    for (let number = 1; names.length < count; number++)
      if (!taken.has(`${role}-${number}`)) names.push(`${role}-${number}`);
    return names;
  }

  /** A new swarm: nodes side by side, the first manager initialises, the others join. */
  async startSwarm(topology: { readonly managers: number; readonly workers: number }): Promise<Swarm> {
    const names = [
      ...Array.from({ length: topology.managers }, (_, index) => `manager-${index + 1}`),
      ...Array.from({ length: topology.workers }, (_, index) => `worker-${index + 1}`),
    ];
    const nodes = await step(`start ${names.length} node${names.length > 1 ? 's' : ''}`, () =>
      this.startNodes(names),
    );
    const [first, ...others] = nodes as [Node, ...Node[]];
    await step('initialise the swarm', () => initialise(first));
    const swarm = new Swarm(this, [first]);
    if (others.length > 0) await step('join the nodes', () => swarm.admit(others));
    else await swarm.ready();
    return swarm;
  }

  async startNodes(names: readonly string[]): Promise<Node[]> {
    return Promise.all(names.map((name) => step(name, () => this.startNode(name))));
  }

  async startNode(name: string): Promise<Node> {
    return Node.start(this.lab, await this.#disk(name));
  }

  /** Ids of the containers of all nodes that there are here, by volume name (which is the container's name too). */
  async containers(): Promise<readonly NamedContainer[]> {
    return (await this.#everything()).filter(({ name }) => /-(manager|worker)-\d+-\d+$/.test(name));
  }

  async #everything(): Promise<readonly NamedContainer[]> {
    const label = [`${RUN_LABEL}=${this.#options.run}`, `${DRILL_LABEL}=${this.#options.drill}`];
    const found = await this.#engine.containers.list({ all: true, filters: { label } });
    return found.map(({ Id, Names }) => ({ id: Id, name: Names[0]?.slice(1) ?? Id }));
  }

  /** What each node's engine and what stands beside them logged so far; nodes that were destroyed have taken theirs along. */
  async logs(): Promise<{ readonly name: string; readonly text: string }[]> {
    return Promise.all(
      (await this.#everything()).map(async ({ id, name }) => {
        const text = await this.#engine.containers.logs(id);
        return { name: name.replace(`${this.#network}-`, ''), text };
      }),
    );
  }

  /** The container that sees the data root of every node here, running or not, and the path of one of them in it. */
  volumeHelper(volume: string): { readonly container: string; readonly path: string } {
    return { container: this.#porter, path: `/volumes/${volume}/_data` };
  }

  /** A node that was never started, with an empty swarm directory: for a restore to write to. */
  async emptyNode(name: string): Promise<StoppedNode> {
    const spec = await this.#disk(name);
    const id = await this.#engine.containers.create(containerOf(this.lab, spec));
    return new StoppedNode(this.lab, spec, id);
  }

  /** Nodes go side by side: the first undo begins with all of them, and each waits for its own and tells how it went. */
  async #remove(volume: string): Promise<void> {
    this.#removals ??= new Map(this.#disks.map((disk) => [disk, this.#removeNode(disk)]));
    for (const removal of this.#removals.values()) removal.catch(() => undefined);
    await this.#removals.get(volume);
  }

  async #removeNode(volume: string): Promise<void> {
    await ignoreNotFound(this.#engine.containers.remove(volume));
    await ignoreNotFound(this.#engine.volumes.remove(volume, { force: true }));
  }

  /** A data root for one node: a volume of its own. */
  async #disk(name: string): Promise<NodeSpec> {
    const volume = `swarm-drill-${this.#options.run}-${this.#options.drill}-${name}-${++this.#started}`;
    this.#disks.push(volume);
    this.#options.scope.defer(`remove ${name}`, () => this.#remove(volume));
    await this.#engine.volumes.create({ Name: volume, Labels: { ...this.labels } });
    await execInContainer(this.#engine, this.#porter, [
      'sh',
      '-c',
      MAKE_DISK,
      'disk',
      `/volumes/${this.lab.template}/_data`,
      `/volumes/${volume}/_data`,
    ]);
    return {
      name,
      address: this.addressOf(name),
      network: this.#network,
      volume,
      labels: this.labels,
      script: this.#script,
    };
  }
}

/** @throws what the engine says */
async function initialise(node: Node): Promise<void> {
  await node.engine.swarm.init({
    ListenAddr: `0.0.0.0:${SWARM_PORT}`,
    AdvertiseAddr: node.address,
  });
}

const labelsOf = ({ run, drill }: SiteOptions): Record<string, string> => ({
  [RUN_LABEL]: run,
  [DRILL_LABEL]: drill,
  [OWNER_LABEL]: ownerOf(process.pid),
});

/** Internal: no route out. Apart from what engines inside the nodes hand out (172.17 and 172.18 bridges, 10.0.0.0/8 overlays). */
async function createNetwork(engine: Engine, name: string, labels: Record<string, string>): Promise<string> {
  const refused: string[] = [];
  for (let third = 240; third < 256; third++) {
    const prefix = `172.31.${third}`;
    try {
      await engine.networks.create({
        Name: name,
        Driver: 'bridge',
        Internal: true,
        Labels: labels,
        IPAM: { Config: [{ Subnet: `${prefix}.0/24` }] },
      });
      return prefix;
    } catch (error) {
      refused.push(`${prefix}.0/24: ${reasonOf(error)}`);
    }
  }
  throw new DrillError(`no subnet is free for the drill: ${refused.join('; ')}`, {
    code: 'no-subnet',
    hint: 'remove networks that overlap 172.31.240.0/20',
  });
}

/** A helper that sees the engine's volumes as one directory, since hard links don't cross mounts. */
async function startPorter(
  engine: Engine,
  name: string,
  labels: Record<string, string>,
  image: string,
): Promise<void> {
  const { DockerRootDir } = await engine.info();
  const container = await engine.containers.create({
    name,
    Image: image,
    Entrypoint: ['sleep', 'infinity'],
    Labels: labels,
    HostConfig: { Binds: [`${DockerRootDir}/volumes:/volumes`], NetworkMode: 'none', Init: true },
  });
  await engine.containers.start(container);
}
