// Every node is lost, and with it what no swarm state has: a local bridge network, a container outside of the swarm, daemon.json, and
// the directory that a service mounts. They are backed up by hand, and in place before the service may start.
// https://docs.docker.com/engine/swarm/admin_guide/: a backup of the swarm directory has none of them, and a comparison of what raft
// has is green without them.
import { checks, disasters, drill, methods, seconds, type Swarm } from 'swarm-drill';
import { hostByHand, type HostSetup } from '../fixtures/by-hand/host.ts';
import { notes } from '../fixtures/notes/notes.ts';

const ASSETS = '/srv/assets';
const DAEMON = '/etc/docker/daemon.json';

const setup = (swarm: Swarm): HostSetup => ({
  paths: [ASSETS, DAEMON],
  commands: [
    [
      'docker',
      'network',
      'create',
      '--driver',
      'bridge',
      '--opt',
      'com.docker.network.driver.mtu=1400',
      'office',
    ],
    [
      ...['docker', 'run', '--detach', '--name', 'proxy', '--network', 'office', '--restart', 'always'],
      ...[swarm.imageOf('toolbox'), 'sleep', 'infinity'],
    ],
  ],
});

export default drill('outside of raft: networks, containers and files of the host come back', {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: seconds(90), rpo: seconds(90) },

  async seed({ swarm, seed, size }) {
    const [node] = swarm.nodes;
    const files = `mkdir -p ${ASSETS} /etc/docker && echo logo >${ASSETS}/logo && echo '{ "max-concurrent-downloads": 4 }' >${DAEMON}`;
    await node?.exec(['sh', '-c', files]);
    for (const argv of setup(swarm).commands) await node?.exec(argv);
    const pad = await notes.deploy(swarm, {
      seed,
      size,
      changes: [[`volumes: ['notes:/srv/notes']`, `volumes: ['notes:/srv/notes', '${ASSETS}:${ASSETS}:ro']`]],
    });
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }) => ({ contents: await pad.contents() }),
  async backup({ swarm, vault, seeded: { pad } }) {
    const node = await swarm.nodeOf(pad.service);
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      files: await vault.keep(methods.volumeArchive(), await pad.volume()),
      host: await vault.keep(hostByHand(setup(swarm)), node),
    };
  },
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    for (const node of swarm.nodes) await kept.host.restoreInto(node);
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    {
      name: 'mounted directory has its files',
      required: true,
      doesNotProve: 'that other hosts have theirs',
      covers: ['bind-mount sources'],
      async observe() {
        const found = (await swarm.execInTask(pad.service, ['cat', `${ASSETS}/logo`])).trim();
        return {
          compared: 1,
          differences: found === 'logo' ? [] : [`${ASSETS}/logo: expected "logo", got "${found}"`],
        };
      },
    },
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
  ],
});
