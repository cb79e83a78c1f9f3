// One node: a privileged container with an engine of its own, started with Testcontainers and spoken to over `docker exec`,
// so that no port is open to anybody. A node that runs, one that is stopped: two types.
import type { Duplex } from 'node:stream';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { uploadFiles } from '../lab/engine/files.ts';
import type { ContainerSpec } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { TEMPLATE_MOUNT } from '../lab/disk.ts';
import { connect, connectInside } from '../lab/engine/connect.ts';
import { execInContainer, type ExecOptions, type ContainerProcess } from '../lab/engine/process.ts';
import type { LabFacts } from '../lab/lab.ts';
import { seconds } from '../support/clock.ts';
import { DrillError } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { currentSignal } from '../support/trace.ts';

export interface NodeSpec {
  readonly name: string;
  readonly address: string;
  /** Docker's name of the network of the site. */
  readonly network: string;
  /** The volume that holds its data root. */
  readonly volume: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Text of the start script. */
  readonly script: string;
}

export interface ToolOptions {
  readonly argv: readonly string[];
  /** Volume's name, or path on the node, to the path in the container (with `:ro` where it is only read). */
  readonly volumes: Readonly<Record<string, string>>;
  /** Nothing secret: anybody who may ask the engine reads it. Secrets go into `files`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Path in the container (without the leading slash) to text; readable to root alone, and gone with the container. */
  readonly files?: Readonly<Record<string, string>>;
  readonly input?: ExecOptions['input'];
}

/** How long an engine may take until it answers. */
const ENGINE_LIMIT = seconds(60);

/** A node's container, whoever creates it: what it runs, on which disk, at which address. */
export const containerOf = (lab: LabFacts, spec: NodeSpec) =>
  ({
    name: spec.volume,
    Image: referenceOf(lab, 'node'),
    Hostname: spec.name,
    Entrypoint: ['sh', '-c', spec.script],
    Labels: { ...spec.labels },
    HostConfig: {
      // Above the engine an init, which takes leave of the shims of containers that ended.
      Init: true,
      Privileged: true,
      NetworkMode: spec.network,
      Tmpfs: { '/run': 'rw,exec' },
      Binds: [`${spec.volume}:/var/lib/docker`, `${lab.template}:${TEMPLATE_MOUNT}:ro`],
      LogConfig: { Type: 'json-file', Config: {} },
    },
    NetworkingConfig: {
      EndpointsConfig: { [spec.network]: { IPAMConfig: { IPv4Address: spec.address } } },
    },
  }) satisfies ContainerSpec;

class NodeContainer extends GenericContainer {
  constructor(lab: LabFacts, spec: NodeSpec) {
    const { HostConfig, ...settings } = containerOf(lab, spec);
    super(settings.Image);
    Object.assign(this.createOpts, settings);
    Object.assign(this.hostConfig, HostConfig);
    this.withNetworkMode(HostConfig.NetworkMode)
      .withAutoCleanup(false)
      .withWaitStrategy(Wait.forSuccessfulCommand('true'));
  }
}

export function referenceOf(lab: LabFacts, role: string): string {
  const image = lab.images.find((candidate) => candidate.role === role);
  if (!image)
    throw new DrillError(
      `expected an image for "${role}", the lab has ${lab.images.map((known) => known.role).join(', ')}`,
      { code: 'no-image', hint: `Add the recipe of "${role}" to the images of the drill's plan.` },
    );
  return image.reference;
}

/** A node whose engine answers. */
export class Node {
  readonly name: string;
  readonly address: string;
  /** The node's container on the lab's engine. */
  readonly id: string;
  /** The node's own engine. */
  readonly engine: Engine;
  readonly #lab: LabFacts;
  readonly #spec: NodeSpec;
  readonly #outer: Engine;
  readonly #container: StartedTestContainer | undefined;
  /** When its container was started; nothing in it can be older. */
  readonly startedAt = new Date();

  private constructor(
    lab: LabFacts,
    spec: NodeSpec,
    id: string,
    container: StartedTestContainer | undefined,
  ) {
    this.#lab = lab;
    this.#spec = spec;
    this.#outer = connect(lab.host);
    this.#container = container;
    this.name = spec.name;
    this.address = spec.address;
    this.id = id;
    this.engine = connectInside(this.#outer, id);
  }

  /** Starts the node's container and waits for its engine. */
  static async start(lab: LabFacts, spec: NodeSpec): Promise<Node> {
    process.env['DOCKER_HOST'] = lab.host;
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
    const container = await new NodeContainer(lab, spec).start();
    return new Node(lab, spec, container.getId(), container).#ready();
  }

  /** @internal used by StoppedNode */
  static resume(lab: LabFacts, spec: NodeSpec, id: string): Promise<Node> {
    return new Node(lab, spec, id, undefined).#ready();
  }

  async #ready(): Promise<Node> {
    await waitUntil(
      `the engine of ${this.name}`,
      async () => {
        const { State } = await this.#outer.containers.inspect(this.id);
        if (!State.Running) return { giveUp: `its container ended with exit code ${State.ExitCode}` };
        await this.engine.ping();
        return { done: true };
      },
      { limit: ENGINE_LIMIT },
    );
    return this;
  }

  /** Runs a program in the node itself (it has the docker CLI). @throws DrillError `command-failed` */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    return execInContainer(this.#outer, this.id, argv, options);
  }

  /** Starts a program in the node itself. */
  run(argv: readonly string[]): Promise<ContainerProcess> {
    return this.#outer.containers.startProcess(this.id, argv);
  }

  /** A connection to a port on the node's loopback: how a client on that host would come. */
  async dial(port: number, address = '127.0.0.1'): Promise<Duplex> {
    return (await this.#outer.containers.startProcess(this.id, ['nc', address, String(port)])).asSocket();
  }

  /** A throwaway container of the toolbox image on this node, as root, without a network. */
  toolbox(options: ToolOptions): Promise<ContainerProcess> {
    return this.#tool('toolbox', 'none', options);
  }

  /** The same of the image that holds the backup programs; it sees the network that the node sees. */
  tools(options: ToolOptions): Promise<ContainerProcess> {
    return this.#tool('tools', 'host', options);
  }

  async #tool(
    role: string,
    network: string,
    { argv, volumes, env, files, input }: ToolOptions,
  ): Promise<ContainerProcess> {
    const { containers } = this.engine;
    const id = await containers.create({
      Image: referenceOf(this.#lab, role),
      Entrypoint: [...argv],
      Cmd: [],
      User: '0:0',
      OpenStdin: true,
      StdinOnce: true,
      Env: Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`),
      HostConfig: {
        NetworkMode: network,
        AutoRemove: true,
        // Whoever started it reads what it prints. The engine's own copy would be volumes on a disk twice, at twice the time.
        LogConfig: { Type: 'none', Config: {} },
        Binds: Object.entries(volumes).map(([name, path]) => `${name}:${path}`),
      },
    });
    try {
      if (files) await uploadFiles(this.engine, id, files, 0o600);
      const running = await containers.startAttached(id, input);
      stopOnAbort(this.engine, id, running);
      return running;
    } catch (error) {
      // It removes itself when it ends, and never began; there may be keys in it.
      await containers.remove(id).catch(() => undefined);
      throw error;
    }
  }

  /** Stops the node as a shutdown would, with `grace` for its containers. Its disk stays. */
  async stop(grace = seconds(20)): Promise<StoppedNode> {
    await this.#outer.containers.stop(this.id, { grace });
    return new StoppedNode(this.#lab, this.#spec, this.id);
  }

  /** Ends the node as a power cut would, and its disk with it. */
  async destroy(): Promise<void> {
    if (this.#container) await this.#container.stop({ timeout: 0, remove: true, removeVolumes: true });
    else await this.#outer.containers.remove(this.id);
    await this.#outer.volumes.remove(this.#spec.volume, { force: true });
  }

  get volume(): string {
    return this.#spec.volume;
  }

  /** The same node after its engine was restarted from outside: connections to the old engine are not used again. */
  reconnect(): Promise<Node> {
    return Node.resume(this.#lab, this.#spec, this.id);
  }
}

/** How long a program may take to leave in good order when the work that it does is told to stop. */
const LEAVE_LIMIT = seconds(10);

/** Tells the program of a throwaway container to stop, as Ctrl-C would, when the present work is told to. */
function stopOnAbort({ containers }: Engine, id: string, running: ContainerProcess): void {
  const signal = currentSignal();
  const stop = (): void =>
    void containers.stop(id, { grace: LEAVE_LIMIT, signal: 'SIGINT' }).catch(() => undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const forget = (): void => signal.removeEventListener('abort', stop);
  running.exitCode().then(forget, forget);
}

/** A node that is switched off. */
export class StoppedNode {
  readonly name: string;
  readonly #lab: LabFacts;
  readonly #spec: NodeSpec;
  /** The node's container on the lab's engine. */
  readonly id: string;

  constructor(lab: LabFacts, spec: NodeSpec, id: string) {
    this.#lab = lab;
    this.#spec = spec;
    this.id = id;
    this.name = spec.name;
  }

  get volume(): string {
    return this.#spec.volume;
  }

  async start(): Promise<Node> {
    await connect(this.#lab.host).containers.start(this.id);
    return this.reconnect();
  }

  /** The node after its container was started from outside. */
  reconnect(): Promise<Node> {
    return Node.resume(this.#lab, this.#spec, this.id);
  }
}
