// The plain way to a swarm, to measure ours against: Testcontainers nodes with a TCP listener, started side by side, and the
// workload images loaded into each through its own API. Only for the bench; its ports stay on the lab's internal network.
import { createReadStream } from 'node:fs';
import { GenericContainer, Wait } from 'testcontainers';
import { workloadImages } from '../fixtures/images/recipes.ts';
import { debianImage } from '../src/lab/image/debian.ts';
import { connect } from '../src/lab/engine/connect.ts';
import { execInContainer, outputOf } from '../src/lab/engine/process.ts';
import { localReference, toolboxRecipe } from '../src/lab/image/images.ts';
import { OWNER_LABEL, ownerOf, RUN_LABEL } from '../src/lab/labels.ts';
import type { Lab } from '../src/lab/lab.ts';
import type { Scope } from '../src/support/scope.ts';

const NODES = 3;

export async function plainSwarm(lab: Lab, scope: Scope): Promise<void> {
  process.env['DOCKER_HOST'] = lab.host;
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const engine = connect(lab.host);
  const labels = { [RUN_LABEL]: 'bench-plain', [OWNER_LABEL]: ownerOf(process.pid) };
  const network = 'swarm-drill-bench-plain';
  scope.defer('remove the network', () => engine.networks.remove(network));
  await engine.networks.create({ Name: network, Internal: true, Labels: labels });
  const image = lab.images.find(({ role }) => role === 'node')?.reference ?? '';
  const nodes = await Promise.all(
    Array.from({ length: NODES }, async (_, index) => {
      const container = await new GenericContainer(image)
        .withHostname(`plain-${index}`)
        .withPrivilegedMode()
        .withLabels(labels)
        .withNetworkMode(network)
        .withAutoCleanup(false)
        .withEntrypoint([
          'dockerd',
          '--host',
          'unix:///run/docker.sock',
          '--host',
          'tcp://0.0.0.0:2375',
          '--tls=false',
        ])
        .withWaitStrategy(Wait.forLogMessage('API listen on [::]:2375'))
        .start();
      scope.defer(`remove plain-${index}`, () =>
        container.stop({ timeout: 0, remove: true, removeVolumes: true }),
      );
      await loadImages(lab, container.getId());
      return container;
    }),
  );
  const [first, ...others] = nodes.map((node) => node.getId()) as [string, ...string[]];
  await execInContainer(engine, first, ['docker', 'swarm', 'init', '--advertise-addr', 'eth0']);
  const token = (
    await execInContainer(engine, first, ['docker', 'swarm', 'join-token', '--quiet', 'manager'])
  ).trim();
  const address = (await execInContainer(engine, first, ['hostname', '-i'])).trim();
  for (const node of others)
    await execInContainer(engine, node, ['docker', 'swarm', 'join', '--token', token, `${address}:2377`]);
}

async function loadImages(lab: Lab, node: string): Promise<void> {
  const engine = connect(lab.host);
  for (const recipe of [toolboxRecipe, ...workloadImages]) {
    const used = lab.images.find(({ role }) => role === recipe.role);
    const fromRegistry = used?.source === 'registry';
    const argv = fromRegistry ? ['docker', 'load'] : ['docker', 'import', '-', localReference(recipe)];
    const loading = await engine.containers.startProcess(node, argv);
    const input = fromRegistry
      ? await engine.images.save(used.reference)
      : createReadStream(await debianImage(recipe, () => undefined));
    const { exitCode, stderr } = await outputOf(loading, input);
    if (exitCode !== 0) throw new Error(`loading ${recipe.role} failed: ${stderr}`);
  }
}
