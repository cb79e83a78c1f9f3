// One node of a swarm, running or stopped: two types. Every access goes through `docker exec` into its container, so that no port is
// open to anyone.
import type { Duplex } from 'node:stream';
import { connect, connectInside } from '../../lab/engine/connect.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { isNotFound } from '../../lab/engine/errors.ts';
import {
  completedOutput,
  execInContainer,
  type ContainerProcess,
  type ExecOptions,
} from '../../lab/engine/process.ts';
import { type EngineVersion, requireEngineVersion } from '../../lab/image/engine-versions.ts';
import { imageReference } from '../../lab/image/images.ts';
import type { LabFacts } from '../../lab/lab.ts';
import { seconds } from '../../support/clock.ts';
import { commandReason } from '../../support/command-reason.ts';
import { reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import {
  nodeContainer,
  startNodeContainer,
  type NodeRole,
  type NodeSpec,
  type StartedTestContainer,
} from './container.ts';
import { startHelper, type HelperOptions } from './helper-container.ts';
import { startTool, type ToolOptions } from './tool-container.ts';

/** How long an engine may take until it answers. */
const ENGINE_LIMIT = seconds(60);
/** Lines of its log that explain why a node's container ended. */
const LOG_LINES = 20;

export interface NodeParts {
  readonly lab: LabFacts;
  readonly spec: NodeSpec;
  /** Of its container. */
  readonly id: string;
  /** The lab's engine, which runs the node's container. */
  readonly outer: Engine;
  /** The engine inside the node. */
  readonly engine: Engine;
}

/** A node whose engine answers. */
export class Node {
  readonly name: string;
  readonly role: NodeRole;
  readonly address: string;
  /** Id of the node's container in the lab's engine. */
  readonly id: string;
  /** The node's own engine. */
  readonly engine: Engine;
  /** When its container was started; nothing in it can be older. */
  get startedAt(): Date {
    return this.#startedAt;
  }
  #startedAt = new Date();
  readonly #parts: NodeParts;
  readonly #container: StartedTestContainer | undefined;
  #isDestroyed = false;

  /** @internal use `Node.start` @param container if Testcontainers started it */
  constructor(parts: NodeParts, container?: StartedTestContainer) {
    const { spec, id, engine } = parts;
    this.name = spec.name;
    this.role = spec.role;
    this.address = spec.address;
    this.id = id;
    this.engine = engine;
    this.#parts = parts;
    this.#container = container;
  }

  /** Starts the node's container and waits for its engine. */
  static async start(lab: LabFacts, spec: NodeSpec): Promise<Node> {
    const container = await startNodeContainer(lab, spec);
    const outer = connect(lab.host);
    const id = container.getId();
    const node = new Node({ lab, spec, id, outer, engine: connectInside(outer, id) }, container);
    return node.answering();
  }

  /** @internal Waits for its engine. */
  async answering(): Promise<this> {
    const { outer } = this.#parts;
    await waitUntil(
      `the engine of ${this.name}`,
      async () => {
        const { State } = await outer.containers.inspect(this.id);
        if (!State.Running) return this.#exited(State.ExitCode);
        // Not when this program noticed it: its first tasks may have started by then.
        this.#startedAt = new Date(State.StartedAt);
        await this.engine.ping();
        return { done: true };
      },
      { limit: ENGINE_LIMIT },
    );
    const { engineVersion } = this.#parts.spec;
    if (engineVersion !== undefined)
      requireEngineVersion(this.name, engineVersion, (await this.engine.info()).ServerVersion);
    return this;
  }

  /** Why its container ended: the engine's own last lines. */
  async #exited(exitCode: number): Promise<{ giveUp: string; output: string }> {
    const output = await this.#parts.outer.containers.logs(this.id, { tail: LOG_LINES }).catch(reasonOf);
    return { giveUp: commandReason('its container exited', exitCode, output), output };
  }

  /** Runs a program on the node (it has the docker CLI) and returns its standard output. @throws DrillError `command-failed` */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    return execInContainer(this.#parts.outer, this.id, argv, options);
  }

  /** Starts a program on the node. */
  startProcess(argv: readonly string[]): Promise<ContainerProcess> {
    return this.#parts.outer.containers.startProcess(this.id, argv);
  }

  /** Connects to a port on the node's loopback, as a client on that host would. */
  async dial(port: number, address = '127.0.0.1'): Promise<Duplex> {
    return (await this.startProcess(['nc', address, String(port)])).asSocket();
  }

  /** Starts a program in a throwaway container on this node, as root. */
  startTool(options: ToolOptions): Promise<ContainerProcess> {
    return startTool(this.engine, imageReference(this.#parts.lab, options.image ?? 'toolbox'), options);
  }

  /** Stops the node as a shutdown would, with `grace` for its containers. Its disk stays. */
  async stop(grace = seconds(20)): Promise<StoppedNode> {
    await step(`stop ${this.name}`, () => this.#parts.outer.containers.stop(this.id, { grace }));
    return new StoppedNode(this.#parts);
  }

  /** Ends the node as a power cut would. Its disk stays. */
  async kill(): Promise<StoppedNode> {
    await step(`kill ${this.name}`, () => this.#parts.outer.containers.kill(this.id));
    return new StoppedNode(this.#parts);
  }

  /** Freezes every process of the node, also those of its tasks: it keeps its connections and does not answer. */
  freeze(): Promise<void> {
    return this.#parts.outer.containers.pause(this.id);
  }

  /** Continues the processes of a frozen node. */
  thaw(): Promise<void> {
    return this.#parts.outer.containers.unpause(this.id);
  }

  /** Returns the state of the node's container in the lab's engine: `running`, `paused`, `exited`; `gone` if there is none. */
  async containerState(): Promise<string> {
    try {
      return (await this.#parts.outer.containers.inspect(this.id)).State.Status;
    } catch (error) {
      if (isNotFound(error)) return 'gone';
      throw error;
    }
  }

  /** Starts a program in a container of the lab's engine that shares something with the node: also if the node does not answer. */
  startHelper(options: HelperOptions): Promise<ContainerProcess> {
    return startHelper(this.#parts, options);
  }

  /** Runs such a program to its end and returns its standard output. @throws DrillError `command-failed` */
  async execInHelper(options: HelperOptions): Promise<string> {
    return completedOutput(await this.startHelper(options), { argv: options.argv, where: this.name });
  }

  /** Ends the node as a power cut would, and its disk with it. */
  async destroy(): Promise<void> {
    const { outer } = this.#parts;
    await step(`destroy ${this.name}`, async () => {
      if (this.#container) await this.#container.stop({ timeout: 0, remove: true, removeVolumes: true });
      else await outer.containers.remove(this.id);
      await outer.volumes.remove(this.volume, { force: true });
    });
    this.#isDestroyed = true;
  }

  /** Whether this program has destroyed it. */
  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Returns the same node, after its engine was restarted from outside. */
  reconnect(): Promise<Node> {
    return reconnect(this.#parts);
  }

  /** Name of the volume that is its disk. */
  get volume(): string {
    return this.#parts.spec.volume;
  }
}

/** A node that is switched off. */
export class StoppedNode {
  readonly name: string;
  readonly role: NodeRole;
  /** Id of the node's container in the lab's engine. */
  readonly id: string;
  #parts: NodeParts;

  /** @internal */
  constructor(parts: NodeParts) {
    this.name = parts.spec.name;
    this.role = parts.spec.role;
    this.id = parts.id;
    this.#parts = parts;
  }

  /** Name of the volume that is its disk. */
  get volume(): string {
    return this.#parts.spec.volume;
  }

  /**
   * Replaces its engine by another version, newer or older, on the same disk: an upgrade in place.
   * @throws DrillError `no-image` if the lab was opened without that version
   */
  async changeEngine(engineVersion: EngineVersion): Promise<StoppedNode> {
    const { lab, outer, spec: old } = this.#parts;
    const spec = { ...old, engineVersion };
    const container = nodeContainer(lab, spec);
    return step(`install engine ${engineVersion} on ${this.name}`, async () => {
      await outer.containers.remove(this.id, { keepVolumes: true });
      const id = await outer.containers.create(container);
      return new StoppedNode({ lab, spec, id, outer, engine: connectInside(outer, id) });
    });
  }

  /** Removes it and its disk. */
  async destroy(): Promise<void> {
    const { outer, spec } = this.#parts;
    await step(`destroy ${this.name}`, async () => {
      await outer.containers.remove(this.id);
      await outer.volumes.remove(spec.volume, { force: true });
    });
  }

  /** Whether it was never started: then it has no log that says something. */
  async isNew(): Promise<boolean> {
    return (await this.#parts.outer.containers.inspect(this.id)).State.Status === 'created';
  }

  /** @internal use `Site.moveNode` */
  async moveTo(address: string): Promise<void> {
    const { outer, spec } = this.#parts;
    await outer.networks.disconnect(spec.network, this.id);
    await outer.networks.connect(spec.network, this.id, address);
    this.#parts = { ...this.#parts, spec: { ...spec, address } };
  }

  /** Starts it on its disk, and waits for its engine. */
  async start(): Promise<Node> {
    return step(`start ${this.name}`, async () => {
      await this.#parts.outer.containers.start(this.id);
      return this.reconnect();
    });
  }

  /** Returns the running node, after its container was started from outside. */
  reconnect(): Promise<Node> {
    return reconnect(this.#parts);
  }
}

/** With a new client: connections to the old engine are not used again. */
const reconnect = (parts: NodeParts): Promise<Node> =>
  new Node({ ...parts, engine: connectInside(parts.outer, parts.id) }).answering();
