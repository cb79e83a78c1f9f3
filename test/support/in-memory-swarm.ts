// A swarm of nodes whose engines are in memory, and a vault in memory, for unit tests of methods.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ServiceMode } from '../../src/lab/engine/api.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { ArtifactMetadata, ArtifactReader, ArtifactWriter } from '../../src/model/method.ts';
import type { Node, ToolOptions } from '../../src/swarm/node.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { find, InMemoryCluster, InMemoryEngine, type Files, type Programs } from './in-memory-engine.ts';

const IMAGES = ['toolbox', 'tools', 'server'];

export interface InMemorySwarm {
  readonly swarm: Swarm;
  /** The engine of the first node, `manager-1`. */
  readonly engine: InMemoryEngine;
  readonly engines: readonly InMemoryEngine[];
  /** A volume of the first node. */
  readonly volume: (name: string) => Volume;
  /** Contents of a volume by path; undefined when it does not exist. */
  readonly filesOf: (name: string) => Files | undefined;
  /** Creates a service whose tasks mount the volume. */
  readonly startService: (name: string, volume: string, mode?: ServiceMode) => Promise<void>;
  /** What a backup must not change: replicas, labels and running containers of a service. */
  readonly stateOf: (service: string) => Promise<unknown>;
}

/** @param programs of its images, in addition to `find` */
export function createInMemorySwarm(programs: Programs = {}, { workers = 0 } = {}): InMemorySwarm {
  const cluster = new InMemoryCluster();
  const names = ['manager-1', ...Array.from({ length: workers }, (_, index) => `worker-${index + 1}`)];
  const nodes = names.map((name) =>
    createNode(name, new InMemoryEngine(cluster, { find, ...programs }, IMAGES)),
  );
  const site = { lab: { images: IMAGES.map((image) => ({ role: image, reference: image })) } };
  const swarm = new Swarm(site as never, nodes);
  const [engine] = cluster.engines as [InMemoryEngine];
  return {
    swarm,
    engine,
    engines: cluster.engines,
    volume: (name) => ({ swarm, node: swarm.node('manager-1'), name }),
    filesOf: (name) => engine.files.get(name),
    async startService(name, volume, mode = { Replicated: { Replicas: 1 } }) {
      const Mounts = [{ Type: 'volume', Source: volume, Target: '/data' }];
      const ContainerSpec = { Image: 'server', Mounts };
      await engine.services.create({ Name: name, Labels: {}, Mode: mode, TaskTemplate: { ContainerSpec } });
    },
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

function createNode(name: string, engine: InMemoryEngine): Node {
  const run =
    (image: string) =>
    async ({ argv, volumes, input }: ToolOptions) => {
      const Binds = Object.entries(volumes).map(([volume, path]) => `${volume}:${path}`);
      const HostConfig = { AutoRemove: true, Binds };
      const id = await engine.containers.create({ Image: image, Entrypoint: argv, HostConfig });
      return engine.containers.startAttached(id, input);
    };
  const exec = (argv: readonly string[]): Promise<string> =>
    Promise.reject(new Error(`in-memory node: ${argv.join(' ')} can not run`));
  return { name, engine, exec, toolbox: run('toolbox'), tools: run('tools') } as unknown as Node;
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
      metadata: metadata as ArtifactReader['metadata'],
      open: (file) => Readable.from([this.files.get(file) ?? Buffer.alloc(0)]),
      pipeTo: unsupported,
      account: async () => ({ address: '', port: 22, user: '', path: '/account', files: {} }),
    };
  }
}

const unsupported = (): Promise<never> =>
  Promise.reject(new Error('not possible with an artifact in memory'));
