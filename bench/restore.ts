// How fast each method brings a volume back, against the plain way: a `tar | zstd` that is next to the volume, unpacked there. A method
// has more to do, which is what the ratio shows: its artifact comes from another host, is compared with its hashes before a byte
// of it is used, decrypted, and unpacked with all metadata.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Swarm } from '../src/swarm/swarm.ts';
import { outputOf } from '../src/lab/engine/process.ts';
import type { Lab } from '../src/lab/lab.ts';
import { borg } from '../src/method/volume/borg.ts';
import { volumeCompanion } from '../src/method/volume/volume-companion.ts';
import { dockerCp } from '../src/method/volume/docker-cp.ts';
import type { Method } from '../src/model/method.ts';
import { restic } from '../src/method/volume/restic.ts';
import { rsync } from '../src/method/volume/rsync.ts';
import { Vault, type Kept } from '../src/vault/vault.ts';
import { volumeArchive } from '../src/method/volume/volume-archive.ts';
import { volumePlugin } from '../src/method/volume/volume-plugin.ts';
import { installSnapshotPlugin, SNAPSHOT_DRIVER } from '../fixtures/volume-plugin/install.ts';
import type { Volume } from '../src/method/container/volume.ts';
import { waitUntil } from '../src/support/poll.ts';
import { Scope } from '../src/support/scope.ts';
import { Site } from '../src/swarm/site.ts';
import { id, median, timed, turns } from './measure.ts';

type VolumeMethod = Method<Volume, Volume, unknown>;

const SEEDER = readFileSync(join(import.meta.dirname, '../fixtures/ledger/seed-files.py'), 'utf8');
interface Load {
  readonly what: string;
  readonly argv: readonly string[];
  readonly input?: string;
  /** What was restored goes with the node, and not turn by turn: ext4 passes over inodes that were freed a moment ago one by one. */
  readonly keeps?: boolean;
}

const LOADS: readonly Load[] = [
  {
    what: '1 GiB in 4 files',
    argv: ['sh', '-euc', 'for n in 1 2 3 4; do head -c 256M /dev/urandom >/data/$n; done'],
  },
  { what: '100,000 small files', argv: ['python3', '-', 'bench', '100000', '1'], input: SEEDER, keeps: true },
];

const METHODS: readonly VolumeMethod[] = [
  volumeArchive(),
  dockerCp(),
  rsync(),
  rsync({ preserve: 'all' }),
  volumeCompanion(),
  restic(),
  restic({ via: 's3' }),
  borg(),
  volumePlugin({ driver: SNAPSHOT_DRIVER }),
];

const PACK = 'tar -C /data -c . | zstd -q -T0 -3 -o /plain/plain.tar.zst';
const UNPACK = 'zstd -q -d -c /plain/plain.tar.zst | tar -C /data -x';

/** Measured is what this matches, e.g. `small files: restic`. */
const ONLY = new RegExp(process.env['ONLY'] ?? '');

export async function restore(lab: Lab): Promise<void> {
  for (const { what, argv, input, keeps = false } of LOADS) {
    const methods = METHODS.filter(({ name }) => ONLY.test(`${what}: ${name}`));
    if (methods.length === 0) continue;
    await using scope = new Scope();
    const site = await Site.open({ lab, run: id(), drill: 'bench', scope });
    const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
    const [node] = swarm.nodes;
    if (!node) throw new Error('a swarm without a node');
    const volume = (name: string): Volume => ({ swarm, node, name });
    const run = async (script: readonly string[], volumes: Record<string, string>, text?: string) => {
      const ended = await outputOf(
        await node.startTool({
          image: 'tools',
          argv: script,
          volumes,
          ...(text === undefined ? {} : { input: text }),
        }),
      );
      if (ended.exitCode !== 0) throw new Error(`${script.join(' ')}: ${ended.stderr}`);
      return ended.stdout;
    };
    let restored = 0;
    const remove = async (name: string): Promise<void> => {
      if (keeps) return;
      // The engine removes the container that used it some time later.
      await waitUntil(`${name} to be free`, async () => {
        await node.engine.volumes.remove(name);
        return { done: true };
      });
    };

    const vault = await Vault.open(site, scope, () => undefined, { objectStore: true });
    await installSnapshotPlugin(node);
    await node.engine.volumes.create({ Name: 'snapshots', Driver: SNAPSHOT_DRIVER });
    for (const name of ['source', 'snapshots']) await run(argv, { [name]: '/data' }, input);
    const mebibytes = Number(await run(['sh', '-c', 'du -sm /data | cut -f1'], { source: '/data' }));
    await run(['bash', '-euo', 'pipefail', '-c', PACK], { source: '/data', plain: '/plain' });

    const plainly = async (): Promise<number> => {
      const name = `plainly-${++restored}`;
      const seconds = await timed(() =>
        run(['bash', '-euo', 'pipefail', '-c', UNPACK], { plain: '/plain', [name]: '/data' }),
      );
      await remove(name);
      return seconds;
    };
    const back = async (kept: Kept<Volume, unknown>): Promise<number> => {
      const name = `back-${++restored}`;
      const seconds = await timed(() => kept.restoreInto(volume(name)));
      await remove(name);
      return seconds;
    };

    for (const method of methods) {
      const kept = await vault.keep(method, volume(method.name === 'volume plugin' ? 'snapshots' : 'source'));
      const seen: { ours: number; plain: number }[] = [];
      for (let turn = 1; turn <= turns; turn++) seen.push({ ours: await back(kept), plain: await plainly() });
      const [ours, plain] = [median(seen.map((one) => one.ours)), median(seen.map((one) => one.plain))];
      const ratio = median(seen.map((one) => one.ours / one.plain));
      const speed = (seconds: number): string => `${(mebibytes / seconds).toFixed(0)} MiB/s`;
      console.log(
        `restore: ${what}: ${method.name}: median ${ours.toFixed(2)} s (${speed(ours)}) against ${plain.toFixed(2)} s ` +
          `(${speed(plain)}) of the plain way; ratio ${ratio.toFixed(2)}`,
      );
    }
  }
}
