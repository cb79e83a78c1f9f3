// What the house claims to be fast at, measured in one run on one machine and told as ratios:
//   (a) a three-node swarm, workload images included, against the plain way to make one with Testcontainers;
//   (b) the whole total-loss drill, and how much of it is the harness itself.
// TURNS=n sets the turns of each (default 5); the ways take turns, so that a slow minute of the machine meets both.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workloadImages } from '../fixtures/images/recipes.ts';
import { createRuntime } from '../src/cli/runtime.ts';
import { runDrill } from '../src/drill/run.ts';
import type { Lab } from '../src/lab/lab.ts';
import { openLab } from '../src/lab/open.ts';
import { writeDrillReport } from '../src/report/write.ts';
import { monotonic } from '../src/support/clock.ts';
import { Scope } from '../src/support/scope.ts';
import { Site } from '../src/swarm/site.ts';
import { plainSwarm } from './plain.ts';

const turns = Number(process.env['TURNS'] ?? 5);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Seconds that `work` takes; what it opened in `scope` is closed outside of the measurement. */
async function timed(work: (scope: Scope) => Promise<unknown>): Promise<number> {
  const scope = new Scope();
  const began = monotonic();
  try {
    await work(scope);
    return monotonic() - began;
  } finally {
    const errors = await scope.close();
    if (errors.length > 0) console.error(new AggregateError(errors, 'clean-up of a turn was not complete'));
  }
}

const id = (): string => `b${randomBytes(4).toString('hex')}`;

async function ourSwarm(lab: Lab, scope: Scope): Promise<void> {
  const site = await Site.open({ lab, run: id(), drill: 'bench', scope });
  await site.startSwarm({ managers: 3, workers: 0 });
}

async function totalLoss(
  lab: Lab,
): Promise<{ total: number; rta: number | null; share: number; verdict: string }> {
  const { default: drill } = await import('../drills/total-loss.drill.ts');
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-bench-'));
  try {
    const dir = join(home, 'report');
    const runtime = createRuntime({ lab, run: id(), vaultDirectory: join(home, 'vault'), keep: false });
    const { signal } = new AbortController();
    await runDrill(drill, runtime, {
      dir,
      seed: 'bench',
      size: 'small',
      keep: false,
      objectives: {},
      signal,
      again: 'npm run bench',
    });
    const { totalSeconds, actual, harness, verdict } = await writeDrillReport(dir);
    return { total: totalSeconds, rta: actual.rtaSeconds, share: harness.share, verdict };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

await using lab = await openLab({
  images: workloadImages,
  progress: (doing) => console.error(`lab: ${doing}`),
});

const ours: number[] = [];
const plain: number[] = [];
for (let turn = 1; turn <= turns; turn++) {
  ours.push(await timed((scope) => ourSwarm(lab, scope)));
  plain.push(await timed((scope) => plainSwarm(lab, scope)));
  console.log(`swarm, turn ${turn}: ours ${ours.at(-1)?.toFixed(2)} s, plain ${plain.at(-1)?.toFixed(2)} s`);
}
const ratios = ours.map((value, index) => value / (plain[index] ?? NaN));
console.log(
  `(a) three-node swarm ready, images included: median ${median(ours).toFixed(2)} s against ${median(plain).toFixed(2)} s; ` +
    `ratio ${median(ratios).toFixed(2)} (to reach: at most 0.50)`,
);

const drills: Awaited<ReturnType<typeof totalLoss>>[] = [];
for (let turn = 1; turn <= turns; turn++) {
  const result = await totalLoss(lab);
  drills.push(result);
  const share = (result.share * 100).toFixed(1);
  console.log(
    `total loss, turn ${turn}: ${result.verdict}, ${result.total.toFixed(1)} s, RTA ${result.rta?.toFixed(1)} s, harness ${share} %`,
  );
}
console.log(
  `(b) total-loss drill, small, warm: median ${median(drills.map(({ total }) => total)).toFixed(1)} s (to reach: at most 60 s); ` +
    `harness ${(median(drills.map(({ share }) => share)) * 100).toFixed(1)} % (to reach: at most 10 %)`,
);
