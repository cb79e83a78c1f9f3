// The site: a network with fixed addresses, and the right to start nodes on it. It outlives the swarm; a restore gets the site, never
// the old swarm.
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { connect, connectInside } from '../lab/engine/connect.ts';
import type { Labels } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { ignoreNotFound } from '../lab/engine/errors.ts';
import { execInContainer, type ExecOptions } from '../lab/engine/process.ts';
import { DRILL_LABEL, OWNER_LABEL, ownerOf, PART_LABEL, ROLE_LABEL, RUN_LABEL } from '../lab/labels.ts';
import type { EngineVersion } from '../lab/image/engine-versions.ts';
import type { LabFacts } from '../lab/lab.ts';
import { NODE_START } from '../lab/prepare.ts';
import type { Seconds } from '../support/clock.ts';
import { DrillError, labFailure, reasonOf } from '../support/errors.ts';
import type { Scope } from '../support/scope.ts';
import { currentSignal, step } from '../support/trace.ts';
import { nodeContainer, type NodeIdentity, type NodeSpec } from './node/container.ts';
import { NodeDisks } from './node/disks.ts';
import { Node, StoppedNode } from './node/node.ts';
import { createSiteNetwork, type SiteAddresses } from './site-network.ts';

export interface SiteOptions {
  readonly lab: LabFacts;
  /** The run's id and the drill's name: on every object's labels. */
  readonly run: string;
  readonly drill: string;
  readonly scope: Scope;
  /** The engine version of nodes that are started here. Default: the lab's own. */
  readonly engineVersion?: EngineVersion | undefined;
}

interface SiteParts {
  readonly engine: Engine;
  readonly addresses: SiteAddresses;
  readonly disks: NodeDisks;
  /** Text of the nodes' start script. */
  readonly script: string;
  /** How many nodes were started so far. */
  nodes: number;
}

/** A network with fixed addresses where nodes can be started. It outlives the swarm: a restore gets the site. */
export class Site {
  readonly lab: LabFacts;
  /** Docker's name of the network. Other objects of the drill are named after it. */
  readonly network: string;
  readonly #options: SiteOptions;
  readonly #parts: SiteParts;

  private constructor(options: SiteOptions, network: string, parts: SiteParts) {
    this.lab = options.lab;
    this.network = network;
    this.#options = options;
    this.#parts = parts;
  }

  /** Creates the network. Everything of the site is removed when `scope` is closed. @throws DrillError `no-subnet` */
  static async open(options: SiteOptions): Promise<Site> {
    const { lab, scope } = options;
    const engine = connect(lab.host);
    const network = `swarm-drill-${options.run}-${options.drill}`;
    scope.defer('remove the network', () => ignoreNotFound(engine.networks.remove(network)));
    const addresses = await createSiteNetwork(engine, network, siteLabels(options));
    const disks = await NodeDisks.open({
      lab,
      engine,
      scope,
      labels: { ...siteLabels(options), [PART_LABEL]: 'volume-helper' },
      helper: `${network}-volume-helper`,
      network,
      address: addresses.helper,
    });
    const script = await readFile(NODE_START, 'utf8');
    return new Site(options, network, { engine, addresses, disks, script, nodes: 0 });
  }

  /** The engine version of nodes that are started here; undefined for the lab's own. */
  get engineVersion(): EngineVersion | undefined {
    return this.#options.engineVersion;
  }

  /** Returns the same site, whose new nodes get another engine version: for a restore on newer or older engines, or an upgrade. */
  withEngineVersion(engineVersion: EngineVersion | undefined): Site {
    return new Site({ ...this.#options, engineVersion }, this.network, this.#parts);
  }

  /** Labels of everything here. */
  get labels(): Labels {
    return siteLabels(this.#options);
  }

  /** Labels of a container here that is not a node. @param part e.g. `vault`; its log file is named after it */
  labelsOf(part: string): Labels {
    return { ...this.labels, [PART_LABEL]: part };
  }

  /** The address at which nodes reach the vault's gateway. */
  get gatewayAddress(): string {
    return this.#parts.addresses.gateway;
  }

  /** The fixed address of that node: the same in every swarm of this site. */
  addressOf(node: NodeIdentity): string {
    return this.#parts.addresses.of(node);
  }

  /**
   * Moves a stopped node to another address of the site, where it is from now on, as are nodes of its name that are started later.
   * @param address that it had before. Default: one that no node has had
   * @returns the new address
   */
  async moveNode(node: StoppedNode, address?: string): Promise<string> {
    const { addresses } = this.#parts;
    if (address !== undefined) addresses.restore(node, address);
    const to = address ?? addresses.change(node);
    await node.moveTo(to);
    return to;
  }

  /** Starts nodes side by side. @throws as `startNode` */
  async startNodes(nodes: readonly NodeIdentity[]): Promise<Node[]> {
    return Promise.all(nodes.map((node) => this.startNode(node)));
  }

  /** Starts a new node on an empty disk, and waits for its engine. @throws DrillError `node-start`: the lab is to blame */
  async startNode(node: NodeIdentity): Promise<Node> {
    return step(`start ${node.name}`, () =>
      blameLab(node, async () => Node.start(this.lab, await this.#createDisk(node))),
    );
  }

  /** Creates a node that was never started, without a swarm directory: for a restore to write to. */
  async createEmptyNode(node: NodeIdentity): Promise<StoppedNode> {
    const { lab } = this;
    const { engine } = this.#parts;
    return blameLab(node, async () => {
      const spec = await this.#createDisk(node);
      const id = await engine.containers.create(nodeContainer(lab, spec));
      return new StoppedNode({ lab, spec, id, outer: engine, engine: connectInside(engine, id) });
    });
  }

  /** Returns the container that has the disks of all nodes, running or not, and the path of this one in it. */
  volumeHelper(volume: string): { readonly container: string; readonly path: string } {
    return this.#parts.disks.helperFor(volume);
  }

  /** Runs a program in that container, which sees the disks of all nodes, and returns its standard output. @throws DrillError `command-failed` */
  execInVolumeHelper(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { engine, disks } = this.#parts;
    return execInContainer(engine, disks.helper, argv, options);
  }

  /**
   * Connects to a port of a node from another machine of the network. The connection is closed if nothing accepts it.
   * @param limit for connecting, in seconds
   */
  async dial(address: string, port: number, limit: Seconds): Promise<Duplex> {
    const { engine, disks } = this.#parts;
    const argv = ['socat', '-', `TCP:${address}:${port},connect-timeout=${limit}`];
    return (await engine.containers.startProcess(disks.helper, argv)).asSocket();
  }

  /** Returns the ids of the containers of all nodes that exist here, running or not. */
  async nodeContainers(): Promise<string[]> {
    return (await this.#containers(ROLE_LABEL)).map(({ Id }) => Id);
  }

  /** Returns what each container here has logged so far; destroyed nodes have taken their logs with them. */
  async logs(): Promise<{ readonly name: string; readonly text: string }[]> {
    return Promise.all(
      (await this.#containers(PART_LABEL)).map(async ({ Id, Labels }) => ({
        name: Labels[PART_LABEL] ?? '',
        text: await this.#parts.engine.containers.logs(Id),
      })),
    );
  }

  #containers(label: string) {
    const filters = {
      label: [`${RUN_LABEL}=${this.#options.run}`, `${DRILL_LABEL}=${this.#options.drill}`, label],
    };
    return this.#parts.engine.containers.list({ all: true, filters });
  }

  async #createDisk(node: NodeIdentity): Promise<NodeSpec> {
    const part = `${node.name}-${++this.#parts.nodes}`;
    const volume = `${this.network}-${part}`;
    await this.#parts.disks.create(volume, node, this.labels);
    return {
      name: node.name,
      role: node.role,
      address: this.addressOf(node),
      network: this.network,
      volume,
      engineVersion: this.engineVersion,
      labels: { ...this.labelsOf(part), [ROLE_LABEL]: node.role },
      script: this.#parts.script,
    };
  }
}

/** A new node has nothing of a backup on it: when it can't be made, that says nothing about one. */
async function blameLab<T>({ name }: NodeIdentity, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    currentSignal().throwIfAborted();
    const { output, hint, blame } = cause instanceof DrillError ? cause : {};
    if (blame === 'usage') throw cause;
    throw labFailure(`the lab could not start ${name}: ${reasonOf(cause)}`, {
      code: 'node-start',
      node: name,
      cause,
      ...(output !== undefined && { output }),
      hint: hint ?? "See the log of the lab's engine in the report's directory.",
    });
  }
}

const siteLabels = ({ run, drill }: SiteOptions): Labels => ({
  [RUN_LABEL]: run,
  [DRILL_LABEL]: drill,
  [OWNER_LABEL]: ownerOf(process.pid),
});
