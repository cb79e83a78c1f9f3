// The objects of the Docker Engine API, reduced to the fields that this project reads or writes. What a spec holds beyond them is kept
// as it came. Field names are Docker's: https://docs.docker.com/reference/api/engine/

export type Labels = Readonly<Record<string, string>>;
/** By filter name, e.g. `{ label: ['a=b'], status: ['running'] }`. */
export type Filters = Readonly<Record<string, readonly string[]>>;
/** An update names the version that it was made from; another one in between makes the engine refuse it. */
export interface ObjectVersion {
  readonly Index: number;
}

export interface EngineInfo {
  readonly ServerVersion: string;
  readonly OperatingSystem: string;
  readonly KernelVersion: string;
  readonly DockerRootDir: string;
  /** Host name of its machine. */
  readonly Name: string;
  /** Cores. */
  readonly NCPU: number;
  readonly Swarm: {
    readonly NodeID: string;
    readonly LocalNodeState: string;
    readonly ControlAvailable: boolean;
    readonly Error: string;
    readonly RemoteManagers: readonly { readonly Addr: string }[] | null;
    /** On a manager that reaches its cluster. */
    readonly Cluster?: { readonly ID: string; readonly TLSInfo: { readonly TrustRoot: string } };
  };
}

/** The swarm's own settings: what this project does not read is kept as it is. */
export type ClusterSpec = Readonly<Record<string, unknown>> & {
  readonly Raft: Readonly<Record<string, unknown>> & {
    /** Raft entries between two snapshots. */
    readonly SnapshotInterval: number;
  };
};

export interface ClusterInspection {
  readonly ID: string;
  readonly Version: ObjectVersion;
  readonly Spec: ClusterSpec;
  readonly TLSInfo: { readonly TrustRoot: string };
  readonly RootRotationInProgress?: boolean;
  readonly JoinTokens: { readonly Manager: string; readonly Worker: string };
  readonly DefaultAddrPool: readonly string[] | null;
  readonly SubnetSize: number;
  readonly DataPathPort: number;
}

export interface SwarmInit {
  readonly ListenAddr: string;
  readonly AdvertiseAddr: string;
  readonly DataPathAddr?: string;
  readonly DataPathPort?: number;
  readonly DefaultAddrPool?: readonly string[];
  readonly SubnetSize?: number;
  readonly ForceNewCluster?: boolean;
  readonly Spec?: Readonly<Record<string, unknown>>;
}

/** What an update of the swarm replaces in addition to its settings. */
export interface SwarmUpdateOptions {
  readonly rotateManagerUnlockKey?: boolean;
}

export interface SwarmJoin {
  readonly ListenAddr: string;
  readonly AdvertiseAddr: string;
  readonly RemoteAddrs: readonly string[];
  readonly JoinToken: string;
  readonly Availability?: 'active' | 'drain';
}

export interface MemberSpec {
  readonly Role: 'manager' | 'worker';
  readonly Availability: string;
  readonly Labels?: Labels;
}

/** A node as the swarm knows it. */
export interface Member {
  readonly ID: string;
  readonly Version: ObjectVersion;
  readonly Spec: MemberSpec;
  readonly Description: {
    readonly Hostname: string;
    readonly Platform?: { readonly Architecture?: string; readonly OS?: string };
    readonly Engine?: { readonly EngineVersion?: string; readonly Labels?: Labels | null };
  };
  readonly Status: { readonly State: string; readonly Addr?: string };
  readonly ManagerStatus?: {
    readonly Leader?: boolean;
    readonly Reachability?: string;
    readonly Addr?: string;
  };
}

export interface Attachment {
  readonly Target: string;
  readonly Aliases?: readonly string[];
}

export interface Port {
  readonly Protocol?: string;
  readonly TargetPort: number;
  readonly PublishedPort?: number;
  readonly PublishMode?: string;
}

/** Where a secret or a config appears in a task. */
interface MountedFile {
  readonly Name: string;
  readonly UID?: string;
  readonly GID?: string;
  readonly Mode?: number;
}

export interface SecretReference {
  readonly SecretID: string;
  readonly SecretName: string;
  readonly File?: MountedFile;
}

export interface ConfigReference {
  readonly ConfigID: string;
  readonly ConfigName: string;
  readonly File?: MountedFile;
}

export interface ServiceMode {
  readonly Replicated?: { readonly Replicas?: number };
  readonly Global?: object;
  readonly ReplicatedJob?: {
    readonly MaxConcurrent?: number;
    readonly TotalCompletions?: number;
  };
  readonly GlobalJob?: object;
}

export interface ServiceMount {
  readonly Type: string;
  readonly Source?: string;
  readonly Target?: string;
  readonly ReadOnly?: boolean;
  readonly VolumeOptions?: {
    readonly Labels?: Labels | null;
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Labels | null } | null;
  } | null;
}

export interface TaskContainerSpec {
  readonly Image?: string;
  readonly Labels?: Labels;
  readonly Command?: readonly string[];
  readonly Args?: readonly string[];
  readonly Env?: readonly string[];
  /** Nanoseconds. */
  readonly StopGracePeriod?: number;
  readonly Mounts?: readonly ServiceMount[];
  readonly Secrets?: readonly SecretReference[];
  readonly Configs?: readonly ConfigReference[];
  readonly Privileges?: { readonly CredentialSpec?: { readonly Config?: string } | null } | null;
}

export interface TaskSpec {
  readonly Runtime?: string;
  readonly ForceUpdate?: number;
  readonly RestartPolicy?: { readonly Condition?: string; readonly MaxAttempts?: number };
  readonly Networks?: readonly Attachment[];
  readonly Placement?: {
    readonly Constraints?: readonly string[];
    /** What the image's manifest lists: a client that asks a registry for the digest writes it, and no compose file can. */
    readonly Platforms?: readonly { readonly Architecture?: string; readonly OS?: string }[];
  };
  readonly ContainerSpec?: TaskContainerSpec;
}

export interface ServiceSpec {
  readonly Name: string;
  readonly Labels?: Labels;
  readonly Mode?: ServiceMode;
  /** Where clients before API 1.25 put what is TaskTemplate.Networks today. */
  readonly Networks?: readonly Attachment[];
  readonly EndpointSpec?: { readonly Mode?: string; readonly Ports?: readonly Port[] };
  readonly TaskTemplate: TaskSpec;
}

export interface ServiceInspection {
  readonly ID: string;
  readonly Version: ObjectVersion;
  readonly Spec: ServiceSpec;
  readonly Endpoint?: { readonly Ports?: readonly Port[] };
  /** Only where it was asked for. */
  readonly ServiceStatus?: { readonly DesiredTasks: number; readonly RunningTasks: number };
  /** Of a job. Every update of its spec, also of a label, starts it again under the next index; the first is 0 and omitted. */
  readonly JobStatus?: { readonly JobIteration?: { readonly Index?: number } };
  /** Of the last update; absent when there was none. */
  readonly UpdateStatus?: { readonly State?: string; readonly Message?: string };
}

export interface TaskInspection {
  readonly ID: string;
  readonly ServiceID: string;
  /** UTC, with nanoseconds. */
  readonly CreatedAt?: string;
  readonly NodeID?: string;
  /** Undefined for a task of a global service, and for the first of a job. */
  readonly Slot?: number;
  readonly JobIteration?: { readonly Index?: number };
  readonly DesiredState: string;
  readonly Spec: TaskSpec;
  readonly Status: {
    /** When it got into this state. */
    readonly Timestamp?: string;
    readonly State: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string };
  };
}

export interface SecretOrConfigSpec {
  readonly Name: string;
  readonly Labels?: Labels | undefined;
  /** A secret driver: the value comes from a plugin, and the swarm has none. */
  readonly Driver?: { readonly Name: string } | undefined;
  readonly Templating?: { readonly Name: string } | undefined;
  /** Base64. The engine returns that of a config, never that of a secret. */
  readonly Data?: string | undefined;
}

export interface SecretOrConfig {
  readonly ID: string;
  readonly Spec: SecretOrConfigSpec;
}

interface Ipam {
  readonly Driver?: string;
  readonly Config?: readonly { readonly Subnet?: string }[] | null;
  readonly Options?: Labels | null;
}

export interface NetworkInspection {
  readonly Id: string;
  readonly Name: string;
  readonly Scope: string;
  readonly Driver: string;
  readonly Attachable: boolean;
  readonly Internal: boolean;
  readonly Ingress: boolean;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM?: Ipam;
  readonly Options?: Labels | null;
  readonly Labels?: Labels | null;
  readonly ConfigFrom?: { readonly Network: string };
  /** Of an overlay network in use on this node: the nodes that it exchanges addresses with, itself included. */
  readonly Peers?: readonly { readonly IP: string }[] | null;
}

/** As it is asked for; see `NetworkInspection`. */
export type NetworkSpec = Pick<NetworkInspection, 'Name'> & Partial<NetworkInspection>;

export interface VolumeSpec {
  readonly Name: string;
  readonly Driver?: string;
  readonly DriverOpts?: Labels;
  readonly Labels?: Labels;
}

export interface VolumeInspection {
  readonly Name: string;
  readonly Driver: string;
  /** On the engine's host. */
  readonly Mountpoint: string;
  readonly Labels: Labels | null;
  readonly Options: Labels | null;
  /** Only of a cluster volume, which a CSI driver provides. */
  readonly ClusterVolume?: object;
  /** What its driver reports; the local driver reports nothing. */
  readonly Status?: Readonly<Record<string, unknown>>;
}

/** What a container is created from. */
export interface ContainerSpec {
  readonly name?: string;
  readonly Image: string;
  readonly Hostname?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Env?: readonly string[];
  readonly Labels?: Labels;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  /** Anonymous volumes by path. */
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly HostConfig?: {
    readonly Init?: boolean;
    readonly Privileged?: boolean;
    readonly AutoRemove?: boolean;
    readonly NetworkMode?: string;
    /** `container:<id>`: it sees the processes of that container. */
    readonly PidMode?: string;
    readonly CapAdd?: readonly string[];
    readonly CgroupnsMode?: 'private' | 'host';
    readonly Tmpfs?: Labels;
    /** `volume-or-path:path[:ro]`. */
    readonly Binds?: readonly string[];
    readonly VolumesFrom?: readonly string[];
    readonly LogConfig?: { readonly Type: string; readonly Config: Labels };
  };
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, EndpointSettings>>;
  };
}

interface EndpointSettings {
  readonly Aliases?: readonly string[];
  readonly IPAMConfig?: { readonly IPv4Address?: string };
}

export interface ContainerSummary {
  readonly Id: string;
  /** Each with a leading slash. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly State: string;
  readonly Labels: Labels;
}

export interface ContainerInspection {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  /** Its id. */
  readonly Image: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    /** Of its main process, as the engine's host sees it; 0 when it does not run. */
    readonly Pid: number;
    readonly ExitCode: number;
    readonly StartedAt: string;
  };
  readonly Config: { readonly Image: string; readonly Labels: Labels; readonly User: string };
  readonly Mounts: readonly {
    readonly Type: string;
    /** Of a volume. */
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    /** Of a volume. */
    readonly Driver?: string;
    readonly RW?: boolean;
  }[];
  readonly NetworkSettings: {
    /** A stopped container has no address, only the one that it was promised. */
    readonly Networks: Readonly<
      Record<
        string,
        {
          readonly NetworkID: string;
          readonly IPAddress: string;
          readonly IPAMConfig?: { readonly IPv4Address?: string } | null;
        }
      >
    >;
  };
}

/** A path in a container's own layer: 0 changed, 1 added, 2 removed. */
export interface LayerChange {
  readonly Path: string;
  readonly Kind: 0 | 1 | 2;
}

export interface ImageInspection {
  readonly Id: string;
  readonly RepoDigests: readonly string[];
}

export interface ImageSummary {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
}

export interface PluginInspection {
  readonly Name: string;
  readonly Enabled: boolean;
}
