// The container that a node is: a privileged one with an engine inside, on its own disk, at its own address.
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { TEMPLATE_MOUNT } from '../../lab/disk.ts';
import type { ContainerSpec, Labels } from '../../lab/engine/api.ts';
import { engineEnvironment } from '../../lab/engine/client.ts';
import { type EngineVersion, nodeImage } from '../../lab/image/engine-versions.ts';
import type { LabFacts } from '../../lab/lab.ts';

export type { StartedTestContainer };

export type NodeRole = 'manager' | 'worker';

/** A part of a node's disk that is a file system of limited size, which a disaster can fill. */
export interface LimitedDisk {
  /** `swarm`: `/var/lib/docker/swarm`. `all`: `/var/lib/docker`, with images, volumes and swarm state. */
  readonly part: 'swarm' | 'all';
  /** Its size. Raft prepares its log in files of 64 MB, two of them. */
  readonly bytes: number;
}

export interface NodeIdentity {
  /** Its host name, e.g. `manager-1`. A replacement has the name of the node that it replaces. */
  readonly name: string;
  readonly role: NodeRole;
  /** Default: its disk is as large as that of the lab's engine. */
  readonly limitedDisk?: LimitedDisk | undefined;
}

export interface NodeSpec extends NodeIdentity {
  readonly address: string;
  /** Docker's name of the site's network. */
  readonly network: string;
  /** The volume that is its disk: the data root of its engine. */
  readonly volume: string;
  /** Default: the lab's own. */
  readonly engineVersion?: EngineVersion | undefined;
  readonly labels: Labels;
  /** Text of the start script. */
  readonly script: string;
}

/** The same however the container is created: for a node that starts, and for an empty one that a restore writes to. */
export const nodeContainer = (lab: LabFacts, spec: NodeSpec) =>
  ({
    name: spec.volume,
    Image: nodeImage(lab, spec.engineVersion),
    Hostname: spec.name,
    Entrypoint: ['sh', '-c', spec.script],
    Labels: spec.labels,
    HostConfig: {
      // An init as the engine's parent: it reaps the shims of containers that ended.
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
    const { HostConfig, ...settings } = nodeContainer(lab, spec);
    super(settings.Image);
    Object.assign(this.createOpts, settings);
    Object.assign(this.hostConfig, HostConfig);
    this.withNetworkMode(HostConfig.NetworkMode)
      .withAutoCleanup(false)
      .withWaitStrategy(Wait.forSuccessfulCommand('true'));
  }
}

export async function startNodeContainer(lab: LabFacts, spec: NodeSpec): Promise<StartedTestContainer> {
  Object.assign(process.env, engineEnvironment(lab.host));
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  return new NodeContainer(lab, spec).start();
}
