// A Docker engine in memory, for unit tests of what methods do with one: volumes with files, containers, services with their tasks.
// Programs in containers are functions of the test. Nothing that only a real engine or tool can show is tested with it.
import { basename, join } from 'node:path';
import { Duplex, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import type {
  ContainerInspection,
  ContainerSpec,
  ContainerSummary,
  Filters,
  Labels,
  Member,
  NetworkInspection,
  PluginInspection,
  SecretOrConfig,
  SecretOrConfigSpec,
  ServiceInspection,
  ServiceSpec,
  TaskInspection,
  VolumeInspection,
  VolumeSpec,
} from '../../src/lab/engine/api.ts';
import type { Engine } from '../../src/lab/engine/engine.ts';
import { EngineError } from '../../src/lab/engine/errors.ts';
import { sendInput, type ContainerProcess } from '../../src/lab/engine/process.ts';

/** Files of a volume: contents by path relative to its root. */
export type Files = Map<string, Buffer>;

export interface ProgramCall {
  readonly argv: readonly string[];
  readonly input: Buffer;
  /** Files of the mounted volumes, by path in the container. */
  readonly mounts: ReadonlyMap<string, Files>;
}

export interface ProgramResult {
  readonly stdout?: string | Buffer;
  readonly stderr?: string;
  /** Default 0. */
  readonly exitCode?: number;
}

export type Program = (call: ProgramCall) => ProgramResult | Promise<ProgramResult>;
/** Programs by the name that they are called by. */
export type Programs = Record<string, Program>;

/** `find DIRECTORY -mindepth 1` with `-print`, `-printf x` or `-delete`; or `-name NAME`. */
export const find: Program = ({ argv: [, directory = '', ...expression], mounts }) => {
  const files = mounts.get(directory);
  if (!files) return { exitCode: 1, stderr: `find: '${directory}': No such file or directory` };
  const name = expression[expression.indexOf('-name') + 1];
  const [first] = expression.includes('-name')
    ? [...files.keys()].filter((path) => basename(path) === name)
    : files.keys();
  if (expression.includes('-delete')) files.clear();
  else if (first !== undefined) return { stdout: expression.includes('x') ? 'x' : `${directory}/${first}\n` };
  return {};
};

interface StoredContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly labels: Labels;
  running: boolean;
  exitCode: number;
}

const TASK_LABEL = 'com.docker.swarm.task.id';

const notFound = (what: string): never => {
  throw new EngineError(404, `no such ${what}`);
};

const hasLabels = (labels: Labels, wanted: readonly string[] = []): boolean =>
  wanted.every((label) => {
    const [name = '', value] = label.split(/=(.*)/s);
    return value === undefined ? name in labels : labels[name] === value;
  });

/** One cluster: what its managers share, and the engines of its nodes. */
export class InMemoryCluster {
  readonly services = new Map<string, ServiceInspection>();
  readonly tasks = new Map<string, TaskInspection>();
  readonly members = new Map<string, Member>();
  readonly secrets = new Map<string, SecretOrConfig>();
  readonly configs = new Map<string, SecretOrConfig>();
  readonly networks = new Map<string, NetworkInspection>();
  readonly engines: InMemoryEngine[] = [];
  /** How many tasks were ever started, by service name. */
  readonly starts = new Map<string, number>();
  #ids = 0;

  nextId(kind: string): string {
    return `${kind}-${++this.#ids}`;
  }

  service(nameOrId: string): ServiceInspection {
    const found = [...this.services.values()].find(
      ({ ID, Spec }) => ID === nameOrId || Spec.Name === nameOrId,
    );
    return found ?? notFound(`service: ${nameOrId}`);
  }

  /** Ends a task's program. Swarm does not run it again. */
  endTask(id: string, exitCode: number): void {
    const task = this.tasks.get(id) ?? notFound(`task: ${id}`);
    for (const engine of this.engines) engine.endTask(id, exitCode);
    this.tasks.set(id, {
      ...task,
      DesiredState: task.DesiredState === 'complete' && exitCode === 0 ? 'complete' : 'shutdown',
      Status: { ...task.Status, State: exitCode === 0 ? 'complete' : 'failed' },
    });
  }

  /** Starts and stops tasks until the service has what its mode asks for. */
  reconcile({ ID, Spec, JobStatus }: ServiceInspection): void {
    const mine = [...this.tasks.values()].filter(
      ({ ServiceID, JobIteration }) =>
        ServiceID === ID && JobIteration?.Index === JobStatus?.JobIteration?.Index,
    );
    const { Replicated, ReplicatedJob } = Spec.Mode ?? { Replicated: { Replicas: 1 } };
    const wanted = Replicated
      ? (Replicated.Replicas ?? 1)
      : ReplicatedJob
        ? (ReplicatedJob.TotalCompletions ?? 1)
        : this.engines.length;
    for (const task of mine.slice(wanted)) {
      this.tasks.delete(task.ID);
      for (const engine of this.engines) engine.removeTask(task.ID);
    }
    for (let slot = mine.length; slot < wanted; slot++) {
      const engine = this.engines[slot % this.engines.length];
      const task = this.nextId('task');
      const container = engine?.startTask(ID, task, Spec);
      this.starts.set(Spec.Name, (this.starts.get(Spec.Name) ?? 0) + 1);
      this.tasks.set(task, {
        ID: task,
        ServiceID: ID,
        ...(engine && { NodeID: engine.nodeId }),
        ...(Replicated && { Slot: slot + 1 }),
        ...(ReplicatedJob && { Slot: slot }),
        CreatedAt: `2026-11-26T00:00:00.${task.replace(/\D/g, '').padStart(9, '0')}Z`,
        DesiredState: isJob(Spec) ? 'complete' : 'running',
        ...(JobStatus && { JobIteration: JobStatus.JobIteration }),
        Spec: Spec.TaskTemplate,
        Status: { State: 'running', ...(container && { ContainerStatus: { ContainerID: container } }) },
      });
    }
  }
}

const isJob = ({ Mode = {} }: ServiceSpec): boolean => (Mode.ReplicatedJob ?? Mode.GlobalJob) !== undefined;

const unsupported = (call: string) => (): Promise<never> =>
  Promise.reject(new Error(`in-memory engine: ${call} is not implemented`));

export class InMemoryEngine implements Engine {
  readonly nodeId: string;
  /** Images that containers can be created from. */
  readonly imageNames = new Set<string>();
  readonly programs: Programs;
  readonly installedPlugins: PluginInspection[] = [];
  /** Every program that ran, by its first argument. */
  readonly calls: string[] = [];
  readonly files = new Map<string, Files>();
  readonly #cluster: InMemoryCluster;
  readonly #volumes = new Map<string, VolumeInspection>();
  readonly #containers = new Map<string, StoredContainer>();

  constructor(cluster: InMemoryCluster, programs: Programs, images: readonly string[]) {
    this.#cluster = cluster;
    this.programs = programs;
    this.nodeId = cluster.nextId('node');
    for (const image of images) this.imageNames.add(image);
    cluster.engines.push(this);
  }

  /** Creates the volume with files, or adds them. */
  fill(volume: string, files: Readonly<Record<string, string>>, spec: Partial<VolumeSpec> = {}): void {
    this.#createVolume({ Name: volume, ...spec });
    for (const [path, content] of Object.entries(files))
      this.files.get(volume)?.set(path, Buffer.from(content));
  }

  async ping(): Promise<void> {}
  async info() {
    return {
      ServerVersion: 'in memory',
      OperatingSystem: '',
      KernelVersion: '',
      DockerRootDir: '/var/lib/docker',
      Name: 'in-memory',
      NCPU: 2,
      Swarm: {
        NodeID: this.nodeId,
        LocalNodeState: 'active',
        ControlAvailable: true,
        Error: '',
        RemoteManagers: null,
      },
    };
  }
  withLimit(): Engine {
    return this;
  }

  readonly swarm: Engine['swarm'] = {
    inspect: async () => ({
      ID: 'cluster',
      Version: { Index: 1 },
      Spec: { Raft: { SnapshotInterval: 10_000 } },
      TLSInfo: { TrustRoot: '' },
      JoinTokens: { Manager: '', Worker: '' },
      DefaultAddrPool: null,
      SubnetSize: 24,
      DataPathPort: 4789,
    }),
    init: unsupported('swarm.init'),
    join: unsupported('swarm.join'),
    update: unsupported('swarm.update'),
    unlock: unsupported('swarm.unlock'),
    unlockKey: unsupported('swarm.unlockKey'),
  };

  readonly nodes: Engine['nodes'] = {
    list: async () => [...this.#cluster.members.values()],
    inspect: async (id) => this.#cluster.members.get(id) ?? notFound(`node: ${id}`),
    update: async (id, version, spec) => {
      const member = this.#cluster.members.get(id) ?? notFound(`node: ${id}`);
      requireVersion(member.Version, version);
      this.#cluster.members.set(id, { ...member, Version: { Index: version.Index + 1 }, Spec: spec });
    },
    remove: async (id) => void this.#cluster.members.delete(id),
  };

  readonly services: Engine['services'] = {
    list: async ({ filters = {} } = {}) =>
      [...this.#cluster.services.values()].filter(({ Spec }) =>
        hasLabels(Spec.Labels ?? {}, filters['label']),
      ),
    inspect: async (service) => structuredClone(this.#cluster.service(service)),
    create: async (Spec) => {
      const ID = this.#cluster.nextId('service');
      const service = {
        ID,
        Version: { Index: 1 },
        Spec: structuredClone(Spec),
        ...(isJob(Spec) && { JobStatus: { JobIteration: { Index: 0 } } }),
      };
      this.#cluster.services.set(ID, service);
      this.#cluster.reconcile(service);
      return ID;
    },
    update: async (name, version, Spec) => {
      const { ID, Version, JobStatus } = this.#cluster.service(name);
      requireVersion(Version, version);
      const service = {
        ID,
        Version: { Index: Version.Index + 1 },
        Spec: structuredClone(Spec),
        // Every update of a job starts it again.
        ...(JobStatus && {
          JobStatus: { JobIteration: { Index: (JobStatus.JobIteration?.Index ?? 0) + 1 } },
        }),
      };
      this.#cluster.services.set(ID, service);
      this.#cluster.reconcile(service);
    },
    remove: async (name) => {
      const service = this.#cluster.service(name);
      const Mode = { Replicated: { Replicas: 0 } };
      this.#cluster.reconcile({ ...service, Spec: { ...service.Spec, Mode } });
      this.#cluster.services.delete(service.ID);
    },
  };

  readonly tasks: Engine['tasks'] = {
    list: async (filters = {}) =>
      [...this.#cluster.tasks.values()].filter(
        ({ NodeID = '', ServiceID, DesiredState }) =>
          matches(filters, 'node', NodeID) &&
          matches(filters, 'desired-state', DesiredState) &&
          (matches(filters, 'service', ServiceID) ||
            matches(filters, 'service', this.#cluster.service(ServiceID).Spec.Name)),
      ),
  };

  readonly secrets: Engine['secrets'] = this.#objects('secret', (cluster) => cluster.secrets);
  readonly configs: Engine['configs'] = this.#objects('config', (cluster) => cluster.configs);

  #objects(kind: string, of: (cluster: InMemoryCluster) => Map<string, SecretOrConfig>): Engine['secrets'] {
    const all = () => of(this.#cluster);
    const named = (name: string): SecretOrConfig =>
      [...all().values()].find(({ ID, Spec }) => ID === name || Spec.Name === name) ??
      notFound(`${kind}: ${name}`);
    return {
      list: async () => [...all().values()],
      inspect: async (name) => named(name),
      create: async (Spec: SecretOrConfigSpec) => {
        const ID = this.#cluster.nextId(kind);
        all().set(ID, { ID, Spec });
        return ID;
      },
      remove: async (name) => void all().delete(named(name).ID),
    };
  }

  readonly networks: Engine['networks'] = {
    list: async (filters = {}) =>
      [...this.#cluster.networks.values()].filter(({ Scope }) => matches(filters, 'scope', Scope)),
    inspect: async (name) => this.#network(name),
    create: async (spec) => {
      const Id = this.#cluster.nextId('network');
      const defaults = {
        Scope: 'swarm',
        Driver: 'overlay',
        Attachable: false,
        Internal: false,
        Ingress: false,
      };
      this.#cluster.networks.set(Id, { ...defaults, EnableIPv6: false, ...spec, Id });
    },
    remove: async (name) => void this.#cluster.networks.delete(this.#network(name).Id),
    connect: unsupported('networks.connect'),
    disconnect: unsupported('networks.disconnect'),
  };

  #network(name: string): NetworkInspection {
    const all = [...this.#cluster.networks.values()];
    return all.find(({ Id, Name }) => Id === name || Name === name) ?? notFound(`network: ${name}`);
  }

  readonly volumes: Engine['volumes'] = {
    list: async (filters = {}) =>
      [...this.#volumes.values()].filter(({ Labels }) => hasLabels(Labels ?? {}, filters['label'])),
    inspect: async (volume) => this.#volumes.get(volume) ?? notFound(`volume: ${volume}`),
    create: async (spec) => this.#createVolume(spec),
    remove: async (volume) => {
      if (!this.#volumes.has(volume)) notFound(`volume: ${volume}`);
      const users = [...this.#containers.values()].filter(({ spec }) => volumesOf(spec).has(volume));
      if (users.length > 0) throw new EngineError(409, `volume is in use - [${users[0]?.id}]`);
      this.#volumes.delete(volume);
      this.files.delete(volume);
    },
  };

  /** Keeps an existing volume as it is, as an engine does. */
  #createVolume({ Name, Driver = 'local', DriverOpts = {}, Labels = {} }: VolumeSpec): void {
    if (this.#volumes.has(Name)) return;
    this.#volumes.set(Name, { Name, Driver, Mountpoint: `/volumes/${Name}`, Labels, Options: DriverOpts });
    this.files.set(Name, new Map());
  }

  readonly containers: Engine['containers'] = {
    list: async ({ all = false, filters = {} } = {}) =>
      [...this.#containers.values()]
        .filter(
          ({ spec, labels, running }) =>
            (all || running) &&
            matches(filters, 'status', running ? 'running' : 'exited') &&
            hasLabels(labels, filters['label']) &&
            (filters['volume'] ?? []).every((volume) => volumesOf(spec).has(volume)),
        )
        .map(summaryOf),
    inspect: async (container) => inspectionOf(this.#container(container)),
    create: async (spec) => this.#createContainer(spec),
    start: async (container) => void (this.#container(container).running = true),
    startAttached: async (container, input) => {
      const stored = this.#container(container);
      stored.running = true;
      const running = this.#run(stored, stored.spec.Entrypoint ?? [], (exitCode) => {
        Object.assign(stored, { running: false, exitCode });
        if (stored.spec.HostConfig?.AutoRemove) this.#containers.delete(stored.id);
      });
      // Its failure reaches the reader of the program's output.
      sendInput(running, input).catch(() => undefined);
      return running;
    },
    stop: async (container) => void (this.#container(container).running = false),
    pause: () => Promise.reject(new EngineError(501, 'containers are not paused here')),
    unpause: () => Promise.reject(new EngineError(501, 'containers are not paused here')),
    kill: async (container) => {
      Object.assign(this.#container(container), { running: false, exitCode: 137 });
    },
    remove: async (container) => void this.#containers.delete(this.#container(container).id),
    changes: unsupported('containers.changes'),
    logs: async () => '',
    readArchive: async (container, path) => {
      const archive = pack();
      const { files, prefix } = this.#mountAt(container, path);
      for (const [name, content] of files) archive.entry({ name: `${prefix}/${name}` }, content);
      archive.finalize();
      return Readable.from(archive, { objectMode: false });
    },
    writeArchive: async (container, path, tar) => {
      const archive = extract();
      archive.on('entry', ({ name }, content, next) => {
        const mount = name.split('/')[0] ?? '';
        const { files } = this.#mountAt(container, join(path, mount));
        buffer(content).then((bytes) => (files.set(name.slice(mount.length + 1), bytes), next()), next);
      });
      await pipeline(tar, archive);
    },
    startProcess: async (container, argv) => {
      const stored = this.#container(container);
      if (!stored.running) throw new EngineError(409, `container ${container} is not running`);
      return this.#run(stored, argv);
    },
  };

  readonly images: Engine['images'] = {
    list: async () => [...this.imageNames].map((name) => ({ Id: name, RepoTags: [name] })),
    inspect: async (image) =>
      this.imageNames.has(image) ? { Id: image, RepoDigests: [] } : notFound(`image: ${image}`),
    pull: unsupported('images.pull'),
    build: unsupported('images.build'),
    import: unsupported('images.import'),
    save: unsupported('images.save'),
    requireInRegistry: unsupported('images.requireInRegistry'),
  };

  readonly plugins: Engine['plugins'] = {
    list: async () => this.installedPlugins,
    create: unsupported('plugins.create'),
    enable: unsupported('plugins.enable'),
  };

  #container(nameOrId: string): StoredContainer {
    const found = [...this.#containers.values()].find(
      ({ id, spec }) => id === nameOrId || spec.name === nameOrId,
    );
    return found ?? notFound(`container: ${nameOrId}`);
  }

  #createContainer(spec: ContainerSpec, labels: Labels = spec.Labels ?? {}): string {
    if (!this.imageNames.has(spec.Image)) notFound(`image: ${spec.Image}`);
    const id = this.#cluster.nextId('container');
    this.#containers.set(id, { id, spec, labels, running: false, exitCode: 0 });
    // Mounting a missing volume by name creates it.
    for (const volume of volumesOf(spec).keys()) this.#createVolume({ Name: volume });
    return id;
  }

  /** Files of the volume at `path`, and the name that an archive has for its directory. */
  #mountAt(container: string, path: string): { files: Files; prefix: string } {
    const [volume] =
      [...volumesOf(this.#container(container).spec)].find(([, mount]) => mount === path) ?? [];
    const files = volume === undefined ? undefined : this.files.get(volume);
    return files ? { files, prefix: basename(path) } : notFound(`file or directory: ${path}`);
  }

  /** @internal for the cluster */
  startTask(service: string, task: string, { Name, TaskTemplate }: ServiceSpec): string {
    const { Image = '', Mounts = [] } = TaskTemplate.ContainerSpec ?? {};
    const binds = Mounts.map(({ Source, Target }) => `${Source}:${Target}`);
    const labels = {
      'com.docker.swarm.service.id': service,
      'com.docker.swarm.service.name': Name,
      [TASK_LABEL]: task,
    };
    const spec = { name: `${Name}.${task}`, Image, HostConfig: { Binds: binds } };
    const id = this.#createContainer(spec, labels);
    this.#container(id).running = true;
    return id;
  }

  /** @internal for the cluster */
  endTask(task: string, exitCode: number): void {
    for (const container of this.#containers.values())
      if (container.labels[TASK_LABEL] === task) Object.assign(container, { running: false, exitCode });
  }

  /** @internal for the cluster */
  removeTask(task: string): void {
    for (const { id, labels } of this.#containers.values())
      if (labels[TASK_LABEL] === task) this.#containers.delete(id);
  }

  #run(
    { spec }: StoredContainer,
    argv: readonly string[],
    onExit: (exitCode: number) => void = () => {},
  ): ContainerProcess {
    const mounts = new Map(
      [...volumesOf(spec)].map(([volume, path]) => [path, this.files.get(volume) ?? new Map()]),
    );
    const exit = Promise.withResolvers<number>();
    const received: Buffer[] = [];
    let stderr = '';
    let isOver = false;
    const end = (exitCode: number): void => {
      if (isOver) return;
      isOver = true;
      onExit(exitCode);
      exit.resolve(exitCode);
    };
    const execute = async (): Promise<void> => {
      const [name = ''] = argv;
      this.calls.push(name);
      const program = this.programs[name];
      if (!program) throw new Error(`in-memory engine: no program ${name}`);
      const result = await program({ argv, input: Buffer.concat(received), mounts });
      ({ stderr = '' } = result);
      end(result.exitCode ?? 0);
      if (result.stdout !== undefined) io.push(result.stdout);
      io.push(null);
    };
    const io = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        received.push(chunk);
        done();
      },
      // The program gets all of its input at once.
      final(done) {
        execute().then(
          () => done(),
          (error: unknown) => done(error as Error),
        );
      },
      destroy(error, done) {
        end(137);
        done(error);
      },
    });
    io.on('error', () => undefined);
    return {
      io,
      asSocket: () => io,
      stderr: () => stderr,
      exitCode: () => exit.promise,
      stdinClosed: () => false,
      abortIfEnded: async () => undefined,
    };
  }
}

/** Volumes by name to the path that they are mounted at. */
const volumesOf = ({ HostConfig }: ContainerSpec): Map<string, string> =>
  new Map((HostConfig?.Binds ?? []).map((bind) => bind.split(':', 2) as [string, string]));

const matches = (filters: Filters, name: string, value: string): boolean =>
  filters[name]?.includes(value) ?? true;

function requireVersion(now: { readonly Index: number }, { Index }: { readonly Index: number }): void {
  if (now.Index !== Index) throw new EngineError(500, 'rpc error: update out of sequence');
}

const summaryOf = ({ id, spec, labels, running }: StoredContainer): ContainerSummary => ({
  Id: id,
  Names: [`/${spec.name ?? id}`],
  Image: spec.Image,
  State: running ? 'running' : 'exited',
  Labels: labels,
});

const inspectionOf = ({ id, spec, labels, running, exitCode }: StoredContainer): ContainerInspection => ({
  Id: id,
  Name: `/${spec.name ?? id}`,
  Image: spec.Image,
  State: {
    Status: running ? 'running' : 'exited',
    Running: running,
    Pid: 0,
    ExitCode: exitCode,
    StartedAt: '',
  },
  Config: { Image: spec.Image, Labels: labels, User: spec.User ?? '' },
  Mounts: [...volumesOf(spec)].map(([Name, Destination]) => ({
    Type: 'volume',
    Name,
    Source: `/volumes/${Name}`,
    Destination,
  })),
  NetworkSettings: { Networks: {} },
});
