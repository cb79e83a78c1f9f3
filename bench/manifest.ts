// The manifest of a volume, content and all metadata, against `find | xargs sha256sum`, which reads only the content; both in
// a container of the same image on the same node, the files in its cache, and what the plain way prints thrown away at once.
// Then the memory of this program, at 100,000 and at 500,000 files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { filesMatch } from '../src/check/files/files.ts';
import { readManifest } from '../src/check/files/manifest.ts';
import { outputOf } from '../src/lab/engine/process.ts';
import type { Lab } from '../src/lab/lab.ts';
import { Scope } from '../src/support/scope.ts';
import type { Node } from '../src/swarm/node/node.ts';
import { Site } from '../src/swarm/site.ts';
import { against, id } from './measure.ts';

const SEEDER = readFileSync(join(import.meta.dirname, '../fixtures/ledger/seed-files.py'), 'utf8');
const LARGE = 'for n in 1 2 3 4; do head -c 256M /dev/urandom >/data/$n; done';
/** What is in them is nothing to the memory of this program. */
const VERY_MANY = `
import os
for n in range(500_000):
    folder = f"/data/{n % 50}/{n % 7}"
    os.makedirs(folder, exist_ok=True)
    os.close(os.open(f"{folder}/{n}", os.O_CREAT))`;
const PLAIN = 'find /data -type f -print0 | xargs -0 sha256sum >/dev/null';

export async function manifest(lab: Lab): Promise<void> {
  await using scope = new Scope();
  const site = await Site.open({ lab, run: id(), drill: 'bench', scope });
  const node = await site.startNode({ name: 'worker-1', role: 'worker' });
  const run = (name: string, argv: readonly string[], input?: string) => inVolume(node, name, argv, input);

  console.error('manifest: seeding');
  await run('small', ['python3', '-', 'bench', '100000', '1'], SEEDER);
  await run('large', ['sh', '-euc', LARGE]);
  for (const [name, what] of [
    ['small', '100,000 small files'],
    ['large', '4 files of 256 MiB'],
  ] as const) {
    const place = { node, name };
    const plainly = () => run(name, ['sh', '-euc', PLAIN]);
    // Once before, so that every turn finds the cache warm.
    await plainly();
    const { ours, plain, ratio } = await against(what, () => readManifest(place), plainly);
    console.log(
      `manifest: ${what}: median ${ours.toFixed(2)} s against ${plain.toFixed(2)} s; ratio ${ratio.toFixed(2)} (to reach: at most 1.00)`,
    );
  }

  await run('very-many', ['python3', '-'], VERY_MANY);
  const [few, many] = [await memoryOf({ node, name: 'small' }), await memoryOf({ node, name: 'very-many' })];
  console.log(
    `manifest: memory in use while files are read and compared: ${few.toFixed(1)} MiB at 100,000 files, ` +
      `${many.toFixed(1)} MiB at 500,000 (to reach: the same)`,
  );
}

async function inVolume(node: Node, name: string, argv: readonly string[], input?: string): Promise<void> {
  const { exitCode, stderr } = await outputOf(
    await node.startTool({ argv, volumes: { [name]: '/data' }, ...(input === undefined ? {} : { input }) }),
  );
  if (exitCode !== 0) throw new Error(`${argv[0]} ended with exit code ${exitCode}: ${stderr}`);
}

/** MiB in use at the most while a manifest is read, and the files compared with it: what a collection leaves, every 100 ms. */
async function memoryOf(place: { node: Node; name: string }): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let most = 0;
  const look = setInterval(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    most = Math.max(most, (heapUsed + external) / 2 ** 20);
  }, 100);
  try {
    const baseline = await readManifest(place);
    const seen = await filesMatch(() => Promise.resolve(place), baseline).observe();
    if ('unproven' in seen || seen.differences.length > 0 || seen.compared !== baseline.entries)
      throw new Error(`the files of ${place.name} are not the same: ${JSON.stringify(seen)}`);
  } finally {
    clearInterval(look);
  }
  return most;
}
