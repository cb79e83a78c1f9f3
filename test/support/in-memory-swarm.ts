// A swarm of nodes whose engines are in memory, and a vault in memory, for unit tests of methods.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Member, ServiceMode } from '../../src/lab/engine/api.ts';
import type { LabFacts } from '../../src/lab/lab.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { ArtifactMetadata, ArtifactReader, ArtifactWriter } from '../../src/model/method.ts';
import type { NodeIdentity } from '../../src/swarm/node/container.ts';
import { Node } from '../../src/swarm/node/node.ts';
import type { Site } from '../../src/swarm/site.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { volumeContents } from './in-memory-contents.ts';
import { find, InMemoryCluster, InMemoryEngine, type Files, type Programs } from './in-memory-engine.ts';

const IMAGES = ['toolbox', 'tools', 'server'];
const LAB: LabFacts = {
  host: 'unix:///in-memory',
  kind: 'engine',
  description: 'engines in memory',
  images: IMAGES.map((role) => ({
    role,
    reference: role,
    digest: '',
    source: 'memory',
    origin: 'registry' as const,
  })),
  template: '',
};

type RestartCondition = 'none' | 'on-failure' | 'any';

export interface InMemorySwarm {
  readonly swarm: Swarm;
  /** The engine of the first node, `manager-1`. */
  readonly engine: InMemoryEngine;
  readonly engines: readonly InMemoryEngine[];
  readonly cluster: InMemoryCluster;
  /** A volume of the first node. */
  readonly volume: (name: string) => Volume;
  /** Contents of a volume by path; undefined when it does not exist. */
  readonly filesOf: (name: string) => Files | undefined;
  /** Creates a service whose tasks mount the volume. */
  readonly startService: (
    name: string,
    volume: string,
    mode?: ServiceMode,
    restart?: RestartCondition,
  ) => Promise<void>;
  /** Ends the program of the first running tasks of a service, all by default. */
  readonly endTasks: (service: string, options?: { exitCode?: number; count?: number }) => void;
  /** How many tasks of the service were ever started. */
  readonly startsOf: (service: string) => number;
  /** What a backup must not change: replicas, labels and running containers of a service. */
  readonly stateOf: (service: string) => Promise<unknown>;
}

/** @param programs of its images, in addition to `find` and volume-contents.py */
export function createInMemorySwarm(programs: Programs = {}, { workers = 0 } = {}): InMemorySwarm {
  const cluster = new InMemoryCluster();
  const nodes: NodeIdentity[] = [{ name: 'manager-1', role: 'manager' }];
  for (let number = 1; number <= workers; number++) nodes.push({ name: `worker-${number}`, role: 'worker' });
  const swarm = new Swarm(
    { lab: LAB } as Site,
    nodes.map((node) =>
      createNode(node, new InMemoryEngine(cluster, { find, python3: volumeContents, ...programs }, IMAGES)),
    ),
  );
  for (const [index, { nodeId }] of cluster.engines.entries())
    cluster.members.set(nodeId, memberOf(nodeId, nodes[index]));
  const [engine] = cluster.engines as [InMemoryEngine];
  return {
    swarm,
    engine,
    engines: cluster.engines,
    cluster,
    volume: (name) => ({ swarm, node: swarm.node('manager-1'), name }),
    filesOf: (name) => engine.files.get(name),
    async startService(name, volume, mode = { Replicated: { Replicas: 1 } }, restart = 'any') {
      const Mounts = [{ Type: 'volume', Source: volume, Target: '/data' }];
      const ContainerSpec = { Image: 'server', Mounts };
      const TaskTemplate = { ContainerSpec, RestartPolicy: { Condition: restart } };
      await engine.services.create({ Name: name, Labels: {}, Mode: mode, TaskTemplate });
    },
    endTasks(name, { exitCode = 0, count = Infinity } = {}) {
      const { ID } = cluster.service(name);
      const running = [...cluster.tasks.values()].filter(
        ({ ServiceID, Status }) => ServiceID === ID && Status.State === 'running',
      );
      for (const task of running.slice(0, count)) cluster.endTask(task.ID, exitCode);
    },
    startsOf: (name) => cluster.starts.get(name) ?? 0,
    async stateOf(service) {
      const { Spec } = await engine.services.inspect(service);
      const filters = { label: [`com.docker.swarm.service.name=${service}`] };
      const running = await Promise.all(
        cluster.engines.map(async ({ containers }) => (await containers.list({ filters })).length),
      );
      return { mode: Spec.Mode, labels: Spec.Labels, running };
    },
  };
}

const memberOf = (ID: string, { name = '', role = 'worker' }: Partial<NodeIdentity> = {}): Member => ({
  ID,
  Version: { Index: 1 },
  Spec: { Role: role, Availability: 'active', Labels: {} },
  Description: { Hostname: name },
  Status: { State: 'ready' },
});

function createNode(identity: NodeIdentity, engine: InMemoryEngine): Node {
  const { name } = identity;
  const outer = new InMemoryEngine(new InMemoryCluster(), {}, ['node']);
  void outer.containers.create({ name, Image: 'node' });
  outer.fill(name, {});
  const spec = { ...identity, address: '', network: '', volume: name, labels: {}, script: '' };
  return new Node({ lab: LAB, spec, id: identity.name, outer, engine });
}

/** Files of one artifact. `writer` and `reader` are the two sides of a vault. */
export class InMemoryArtifact {
  readonly files = new Map<string, Buffer>();
  readonly writer: ArtifactWriter = {
    put: async (file, content) => void this.files.set(file, await buffer(content)),
    pipeFrom: unsupported,
    account: unsupported,
  };

  reader(metadata: ArtifactMetadata): ArtifactReader {
    return {
      metadata,
      open: (file) => Readable.from([this.files.get(file) ?? Buffer.alloc(0)]),
      pipeTo: unsupported,
      account: async () => ({ address: '', port: 22, user: '', path: '/account', files: {} }),
    };
  }
}

const unsupported = (): Promise<never> =>
  Promise.reject(new Error('not possible with an artifact in memory'));
