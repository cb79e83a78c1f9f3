// A machine with systemd, Docker as its distribution packages it, and this program on its disk: the nearest thing to a real
// manager's host that a lab can give.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { inject } from 'vitest';
import { connect } from '../../src/lab/engine/connect.ts';
import { outputOf, type ProcessOutput } from '../../src/lab/engine/process.ts';
import { ensureImage } from '../../src/lab/image/images.ts';
import type { ImageRecipe } from '../../src/lab/lab.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import { ROOT } from './program.ts';

const recipe: ImageRecipe = {
  role: 'machine',
  registry: { base: 'debian:trixie-slim' },
  debian: {
    packages: ['systemd', 'docker.io', 'docker-cli', 'iptables', 'iproute2', 'procps', 'libstdc++6'],
  },
};

export interface Machine extends AsyncDisposable {
  readonly address: string;
  /** Runs a shell script there. */
  sh(script: string, input?: string): Promise<ProcessOutput>;
  /** The same, which must succeed. @returns what it printed */
  ok(script: string): Promise<string>;
  /** Runs `swarm-drill swarm <args> --json` there, as a person at its terminal would. */
  swarm(args: string): Promise<MachineOutcome>;
}

export interface MachineOutcome extends ProcessOutput {
  /** What `--json` printed. */
  readonly json: Readonly<Record<string, unknown>>;
}

export async function openMachine(drill: string): Promise<Machine> {
  const scope = new Scope();
  const lab = inject('lab');
  const engine = connect(lab.host);
  const site = await Site.open({ lab, run: `test-${process.pid}`, drill, scope });
  const image = await ensureImage(engine, recipe, lab.kind === 'embedded' ? 'debian' : 'registry', () => {});
  const name = `${site.network}-machine`;
  const address = site.addressOf({ name: 'manager-1', role: 'manager' });
  scope.defer('remove the machine', () => engine.containers.remove(name));
  const container = await engine.containers.create({
    name,
    Image: image.reference,
    Hostname: 'manager-1',
    Entrypoint: ['/lib/systemd/systemd'],
    // Of systemd 256 and newer on a kernel with the old cgroups.
    Env: ['container=docker', 'SYSTEMD_PROC_CMDLINE=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'],
    Labels: site.labelsOf('machine'),
    Volumes: { '/var/lib/docker': {} },
    HostConfig: {
      Privileged: true,
      Tmpfs: { '/run': 'rw,exec' },
      CgroupnsMode: 'private',
      NetworkMode: site.network,
    },
    NetworkingConfig: { EndpointsConfig: { [site.network]: { IPAMConfig: { IPv4Address: address } } } },
  });
  await engine.containers.start(container);
  await engine.containers.writeArchive(container, '/opt', projectAsTar());
  const sh = async (script: string, input?: string): Promise<ProcessOutput> =>
    outputOf(await engine.containers.startProcess(container, ['sh', '-uc', script]), input);
  const ok = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await sh(script);
    if (exitCode !== 0) throw new Error(`${script}: exit code ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  };
  await waitUntil('the machine', async () => ({ done: await ok('docker version') }), { limit: seconds(120) });
  return {
    address,
    sh,
    ok,
    async swarm(args) {
      const output = await sh(`/opt/node /opt/src/cli/main.ts swarm ${args} --json`);
      return {
        ...output,
        json: output.stdout === '' ? {} : (JSON.parse(output.stdout) as Record<string, unknown>),
      };
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** What the program needs to run, with this very Node.js. */
function projectAsTar(): Readable {
  const node = process.execPath.slice(1);
  const args = [
    ...['--create', '--dereference', '--anchored', '--exclude=node_modules/node-linux-*'],
    ...[
      `--transform=s,^${node}$,node,`,
      '--directory',
      ROOT,
      'package.json',
      'src',
      'fixtures',
      'node_modules',
    ],
    ...['--directory', '/', node],
  ];
  return spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
}
