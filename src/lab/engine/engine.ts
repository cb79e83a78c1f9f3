// The port to a Docker engine: the calls that this project makes, and no others. `connect` returns the implementation over dockerode;
// unit tests bring one in memory.
import type { Readable } from 'node:stream';
import type { Seconds } from '../../support/clock.ts';
import type {
  ClusterInspection,
  ClusterSpec,
  ContainerInspection,
  ContainerSpec,
  ContainerSummary,
  EngineInfo,
  Filters,
  ImageInspection,
  ImageSummary,
  LayerChange,
  Member,
  MemberSpec,
  NetworkInspection,
  NetworkSpec,
  ObjectVersion,
  PluginInspection,
  SecretOrConfig,
  SecretOrConfigSpec,
  ServiceInspection,
  ServiceSpec,
  SwarmInit,
  SwarmJoin,
  SwarmUpdateOptions,
  TaskInspection,
  VolumeInspection,
  VolumeSpec,
} from './api.ts';
import type { ContainerProcess, ExecOptions } from './process.ts';

/** Every call rejects with an `EngineError` when the engine refuses it. Objects are named by id or name. */
export interface Engine {
  ping(): Promise<void>;
  info(): Promise<EngineInfo>;
  /** The same engine; a call (except streams) that it does not answer within `limit` rejects with a DrillError `no-answer`. */
  withLimit(limit: Seconds): Engine;

  readonly swarm: {
    inspect(): Promise<ClusterInspection>;
    init(options: SwarmInit): Promise<void>;
    join(options: SwarmJoin): Promise<void>;
    update(version: ObjectVersion, spec: ClusterSpec, options?: SwarmUpdateOptions): Promise<void>;
    unlock(key: string): Promise<void>;
    /** The key (`SWMKEY-1-…`) of an autolocked swarm; empty for any other. */
    unlockKey(): Promise<string>;
  };
  readonly nodes: {
    list(): Promise<Member[]>;
    inspect(id: string): Promise<Member>;
    update(id: string, version: ObjectVersion, spec: MemberSpec): Promise<void>;
    /** Also one that is not down. */
    remove(id: string): Promise<void>;
  };
  readonly services: {
    /** @param options.status with `ServiceStatus` */
    list(options?: { readonly filters?: Filters; readonly status?: boolean }): Promise<ServiceInspection[]>;
    inspect(service: string): Promise<ServiceInspection>;
    create(spec: ServiceSpec): Promise<string>;
    update(service: string, version: ObjectVersion, spec: ServiceSpec): Promise<void>;
    remove(service: string): Promise<void>;
  };
  readonly tasks: {
    list(filters?: Filters): Promise<TaskInspection[]>;
  };
  readonly secrets: SecretOrConfigCalls;
  readonly configs: SecretOrConfigCalls;

  readonly networks: {
    list(filters?: Filters): Promise<NetworkInspection[]>;
    inspect(network: string): Promise<NetworkInspection>;
    create(spec: NetworkSpec): Promise<void>;
    remove(network: string): Promise<void>;
    /** @param address in the network. Default: a free one */
    connect(network: string, container: string, address?: string): Promise<void>;
    disconnect(network: string, container: string): Promise<void>;
  };
  readonly volumes: {
    list(filters?: Filters): Promise<VolumeInspection[]>;
    inspect(volume: string): Promise<VolumeInspection>;
    create(spec: VolumeSpec): Promise<void>;
    /** @param options.force also when its driver can't remove it */
    remove(volume: string, options?: { readonly force?: boolean }): Promise<void>;
  };

  readonly containers: {
    /** @param options.all also those that do not run */
    list(options?: { readonly all?: boolean; readonly filters?: Filters }): Promise<ContainerSummary[]>;
    inspect(container: string): Promise<ContainerInspection>;
    /** @returns its id */
    create(spec: ContainerSpec): Promise<string>;
    start(container: string): Promise<void>;
    /** Starts it with its streams attached, and sends `input`. Whether it removes itself is up to its spec. */
    startAttached(container: string, input?: ExecOptions['input']): Promise<ContainerProcess>;
    /** @param options.grace until it is killed @param options.signal instead of the image's own, e.g. `SIGINT` */
    stop(container: string, options?: { readonly grace?: Seconds; readonly signal?: string }): Promise<void>;
    kill(container: string): Promise<void>;
    /** Freezes all its processes. */
    pause(container: string): Promise<void>;
    unpause(container: string): Promise<void>;
    /** Kills it if it runs. Its anonymous volumes go with it, unless they are to be kept. */
    remove(container: string, options?: { readonly keepVolumes?: boolean }): Promise<void>;
    /** What it has written outside of its mounts. */
    changes(container: string): Promise<LayerChange[]>;
    /** What it printed so far, both streams in their order. @param options.tail only that many lines from the end */
    logs(container: string, options?: { readonly tail?: number }): Promise<string>;
    /** A tar of `path`, with owners and modes. Until the stream has ended, the engine holds the container. */
    readArchive(container: string, path: string): Promise<Readable>;
    /** Unpacks a tar into the directory `path`. @param options.keepOwners those in the tar, instead of root */
    writeArchive(
      container: string,
      path: string,
      tar: Readable,
      options?: { readonly keepOwners?: boolean },
    ): Promise<void>;
    /** Starts a program in a running container. */
    startProcess(
      container: string,
      argv: readonly string[],
      options?: Omit<ExecOptions, 'input'>,
    ): Promise<ContainerProcess>;
  };

  readonly images: {
    list(): Promise<ImageSummary[]>;
    inspect(image: string): Promise<ImageInspection>;
    pull(reference: string): Promise<void>;
    /** Builds a Dockerfile. @param context a tar of it, and of what it copies */
    build(reference: string, context: Readable): Promise<void>;
    /** Makes an image of a tar of its root file system. @param changes Dockerfile instructions */
    import(reference: string, tar: Readable, changes?: readonly string[]): Promise<void>;
    /** A tar that `docker load` takes. */
    save(reference: string): Promise<Readable>;
    /** Asks the registry for it, and downloads nothing. */
    requireInRegistry(reference: string): Promise<void>;
  };
  readonly plugins: {
    list(): Promise<PluginInspection[]>;
    /** @param tar its config.json and its root file system */
    create(name: string, tar: Readable): Promise<void>;
    enable(name: string, limit: Seconds): Promise<void>;
  };
}

interface SecretOrConfigCalls {
  list(): Promise<SecretOrConfig[]>;
  inspect(name: string): Promise<SecretOrConfig>;
  /** @returns its id */
  create(spec: SecretOrConfigSpec): Promise<string>;
  remove(name: string): Promise<void>;
}
