// The disks of nodes: volumes of the lab's engine, cloned from the lab's template by a helper container.
import { LIMIT_DISK, MAKE_DISK } from '../../lab/disk.ts';
import type { Labels } from '../../lab/engine/api.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { ignoreNotFound } from '../../lab/engine/errors.ts';
import { execInContainer } from '../../lab/engine/process.ts';
import { imageReference } from '../../lab/image/images.ts';
import type { LabFacts } from '../../lab/lab.ts';
import type { Scope } from '../../support/scope.ts';
import type { NodeIdentity } from './container.ts';

export interface NodeDisksOptions {
  readonly lab: LabFacts;
  readonly engine: Engine;
  readonly scope: Scope;
  readonly labels: Labels;
  /** Of the helper container. */
  readonly helper: string;
  /** The network of the nodes, and the helper's address there. */
  readonly network: string;
  readonly address: string;
}

export class NodeDisks {
  readonly #options: NodeDisksOptions;
  readonly #volumes: string[] = [];
  #removals: ReadonlyMap<string, Promise<void>> | undefined;

  private constructor(options: NodeDisksOptions) {
    this.#options = options;
  }

  /** Starts the helper. It sees the engine's volumes as one directory, since hard links don't cross mounts. */
  static async open(options: NodeDisksOptions): Promise<NodeDisks> {
    const { lab, engine, scope, labels, helper, network, address } = options;
    scope.defer('remove the volume helper', () => ignoreNotFound(engine.containers.remove(helper)));
    const { DockerRootDir } = await engine.info();
    await engine.containers.create({
      name: helper,
      // Not the node's: its tar and mv may be BusyBox's, which take other options.
      Image: imageReference(lab, 'tools'),
      Entrypoint: ['sleep', 'infinity'],
      Labels: labels,
      HostConfig: { Binds: [`${DockerRootDir}/volumes:/volumes`], NetworkMode: network, Init: true },
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
    });
    await engine.containers.start(helper);
    return new NodeDisks(options);
  }

  /** The helper's container. */
  get helper(): string {
    return this.#options.helper;
  }

  /** Returns the helper, and the path at which it has the volume. */
  helperFor(volume: string): { readonly container: string; readonly path: string } {
    return { container: this.helper, path: `/volumes/${volume}/_data` };
  }

  /** Creates a disk. When the scope is closed, it is removed with the container of the same name. @param node its name is for the step's title */
  async create(volume: string, { name: node, limitedDisk }: NodeIdentity, labels: Labels): Promise<void> {
    const { lab, engine, scope, helper } = this.#options;
    this.#volumes.push(volume);
    scope.defer(`remove ${node}`, () => this.#remove(volume));
    await engine.volumes.create({ Name: volume, Labels: labels });
    const paths = [lab.template, volume].map((name) => this.helperFor(name).path);
    await execInContainer(engine, helper, ['sh', '-c', MAKE_DISK, 'disk', ...paths]);
    if (!limitedDisk) return;
    const limit = [paths[1] ?? '', limitedDisk.part, String(limitedDisk.bytes)];
    await execInContainer(engine, helper, ['sh', '-c', LIMIT_DISK, 'disk', ...limit]);
  }

  /** Nodes are removed side by side: the first clean-up step starts all of them, and each step reports its own. */
  async #remove(volume: string): Promise<void> {
    this.#removals ??= new Map(this.#volumes.map((one) => [one, this.#removeNode(one)]));
    for (const removal of this.#removals.values()) removal.catch(() => undefined);
    await this.#removals.get(volume);
  }

  async #removeNode(volume: string): Promise<void> {
    const { containers, volumes } = this.#options.engine;
    await ignoreNotFound(containers.remove(volume));
    await ignoreNotFound(volumes.remove(volume, { force: true }));
  }
}
