// The volume driver as a managed plugin of a node, without a registry: its root file system is the toolbox image's Python.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { seconds } from '../../../support/clock.ts';
import { DrillError } from '../../../support/errors.ts';
import { step } from '../../../support/trace.ts';
import type { Node } from '../../../swarm/node.ts';

/** What `driver:` of a volume and `--volume-driver` name. */
export const SNAPSHOT_DRIVER = 'swarm-drill/snapshots:latest';

const file = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
/** https://docs.docker.com/engine/extend/config/ */
const CONFIG = file('config.json');

/** Where a node keeps the volumes: apart from the plugin, so that removing that removes none of them. */
export const SNAPSHOT_STATE = (JSON.parse(CONFIG) as { mounts: [{ source: string }] }).mounts[0].source;

const ENABLE_LIMIT = seconds(30);

/** What Python, cp and sync don't need; packing a plugin takes the time that its size takes. */
const LEFT_OUT = [
  'dev',
  'proc',
  'sys',
  'run',
  'tmp',
  'var',
  'usr/share',
  'usr/lib/*/perl*',
  'usr/lib/*/gconv',
];

/**
 * Installs the driver and enables it; does nothing more when it is there. A manager hears within 20 s that a node has it.
 * @throws DrillError `plugin-refused` with the engine's words
 */
export async function installVolumePlugin(node: Node): Promise<void> {
  await step(`volume plugin on ${node.name}`, async () => {
    const state = await stateOfPlugin(node);
    if (state === 'enabled') return;
    await node.exec(['mkdir', '-p', SNAPSHOT_STATE]);
    if (state === 'missing') await create(node);
    await node.docker.getPlugin(SNAPSHOT_DRIVER, SNAPSHOT_DRIVER).enable({ timeout: ENABLE_LIMIT });
  });
}

export async function stateOfPlugin(node: Node): Promise<'enabled' | 'disabled' | 'missing'> {
  const plugins = (await node.docker.listPlugins()) as { Name: string; Enabled: boolean }[];
  const plugin = plugins.find(({ Name }) => Name === SNAPSHOT_DRIVER);
  return plugin ? (plugin.Enabled ? 'enabled' : 'disabled') : 'missing';
}

async function create(node: Node): Promise<void> {
  const tar = await node.toolbox({
    argv: [
      'tar',
      '--create',
      '--directory=/plugin',
      'config.json',
      '--directory=/',
      '--transform=s,^\\./,rootfs/,S',
      '--exclude=./plugin/config.json',
      ...LEFT_OUT.map((path) => `--exclude=./${path}/*`),
      '.',
    ],
    volumes: {},
    files: { 'plugin/config.json': CONFIG, 'plugin/driver.py': file('driver.py') },
  });
  try {
    await upload(node, tar.io);
    if ((await tar.exitCode()) !== 0) throw new Error(tar.stderr());
  } catch (cause) {
    throw new DrillError(`${node.name} did not take the volume plugin`, {
      code: 'plugin-refused',
      node: node.name,
      command: 'docker plugin create',
      cause,
    });
  } finally {
    tar.io.destroy();
  }
}

/** dockerode's own call sends no body. */
const upload = ({ docker }: Node, tar: Duplex): Promise<void> =>
  new Promise((done, fail) => {
    const call = {
      path: '/plugins/create?',
      method: 'POST',
      options: { name: SNAPSHOT_DRIVER },
      file: tar,
      statusCodes: { 204: true, 400: 'bad request', 409: 'conflict', 500: 'server error' },
    };
    docker.modem.dial(call, (error: Error | null) => (error ? fail(error) : done()));
  });
