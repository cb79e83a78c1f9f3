// The whole total-loss drill, and how much of it is the harness itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime } from '../src/cli/runner/runtime.ts';
import { runDrill } from '../src/drill/run.ts';
import type { Lab } from '../src/lab/lab.ts';
import { writeDrillReport } from '../src/report/write.ts';
import { id, median, turns } from './measure.ts';

export async function drill(lab: Lab): Promise<void> {
  const results: Awaited<ReturnType<typeof totalLoss>>[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const result = await totalLoss(lab);
    results.push(result);
    const share = (result.share * 100).toFixed(1);
    console.log(
      `total loss, turn ${turn}: ${result.verdict}, ${result.total.toFixed(1)} s, RTA ${result.rta?.toFixed(1)} s, harness ${share} %`,
    );
  }
  console.log(
    `drill: total-loss, small, warm: median ${median(results.map(({ total }) => total)).toFixed(1)} s (to reach: at most 50 s); ` +
      `RTA ${median(results.map(({ rta }) => rta ?? NaN)).toFixed(1)} s (to reach: at most 12 s); ` +
      `harness ${(median(results.map(({ share }) => share)) * 100).toFixed(1)} % (to reach: at most 10 %)`,
  );
}

async function totalLoss(
  lab: Lab,
): Promise<{ total: number; rta: number | null; share: number; verdict: string }> {
  const { default: totalLossDrill } = await import('../drills/total-loss.drill.ts');
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-bench-'));
  try {
    const dir = join(home, 'report');
    const runtime = createRuntime({ lab, run: id() });
    const { signal } = new AbortController();
    await runDrill(totalLossDrill, runtime, {
      dir,
      seed: 'bench',
      size: 'small',
      keep: false,
      objectives: {},
      signal,
      rerunCommand: 'npm run bench',
    });
    const { totalSeconds, actual, harness, verdict } = await writeDrillReport(dir);
    return { total: totalSeconds, rta: actual.rtaSeconds, share: harness.share, verdict };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
