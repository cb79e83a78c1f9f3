// Runs a drill from an empty machine to a finished journal. Each phase adds its facts to the journal, and the report is made from
// the journal only.
import { performance } from 'node:perf_hooks';
import { utcNow } from '../support/clock.ts';
import { describeError, hintOf } from '../support/errors.ts';
import { Scope } from '../support/scope.ts';
import { withTrace, withSignal } from '../support/trace.ts';
import { explainFailure } from './verdict/blame.ts';
import { Journal } from './journal.ts';
import {
  awaitFirstResponse,
  runBackup,
  runDisaster,
  observeOutage,
  provision,
  recordPlan,
  runRestore,
  runDrift,
  seedAndRecordBaseline,
  verifyRestore,
} from './phases.ts';
import type { Drill } from './plan.ts';
import type { RunContext, RunOptions, Runtime } from './runtime.ts';
import { tearDown } from './teardown.ts';
import { Writer } from './writes/writer.ts';
import { finishContinuousWrites, followSurvivors, startContinuousWrites } from './writes/around-disaster.ts';

/**
 * Runs the drill to its end, also after a failure; all its facts are in `options.dir/journal.jsonl` then.
 * @throws only if the journal itself can't be written
 */
export async function runDrill(drill: Drill, runtime: Runtime, options: RunOptions): Promise<void> {
  using journal = new Journal(options.dir);
  const utilization = performance.eventLoopUtilization();
  const run: RunContext = {
    drill,
    runtime,
    options,
    journal,
    scope: new Scope(),
    phase: 'plan',
    site: undefined,
    logged: new Set(),
    named: new Set(),
  };
  using _watching = options.others?.subscribe((names) => journal.write({ event: 'others', names }));
  await withTrace(journal, options.signal, async () => {
    await runPhases(run).catch((error: unknown) => recordFailure(run, error));
    // A drill that was stopped is cleaned up too.
    await withSignal(new AbortController().signal, () => tearDown(run));
  });
  journal.write({
    event: 'harness',
    busySeconds: performance.eventLoopUtilization(utilization).active / 1000,
  });
  journal.write({ event: 'end', at: utcNow() });
}

/** The phases in their order. Each sees what it is handed here, and nothing else: `restore` gets neither the old swarm nor the baseline. */
async function runPhases(run: RunContext): Promise<void> {
  const writer = new Writer(run.journal);
  await recordPlan(run);
  const { site, swarm, vault } = await provision(run);
  const { seeded, sentinel, baseline } = await seedAndRecordBaseline(run, swarm, writer);
  const { kept, vaultChecks } = await runBackup(run, { swarm, vault, seeded, sentinel });
  const lateSentinel = await runDrift(run, { swarm, seeded, writer });
  await using continuous = await startContinuousWrites(run, seeded.app);
  const survivors = await runDisaster(run, swarm);
  followSurvivors(run, continuous, survivors);
  await observeOutage(run, { survivors, baseline });
  const restored = await runRestore(run, { site, kept, survivors });
  continuous?.continueThroughRestored(restored.app);
  await awaitFirstResponse(run, restored.app);
  await finishContinuousWrites(continuous);
  const writes = { made: writer.acknowledged, continuous };
  await verifyRestore(run, { restored, baseline, writes, sentinel, lateSentinel, vaultChecks });
}

async function recordFailure(run: RunContext, error: unknown): Promise<void> {
  const { drill, phase, runtime, options } = run;
  const failure = explainFailure(error, phase, drill.file);
  const hint = hintOf(error);
  // An engine that went away proves nothing, and neither does a person who stopped the drill.
  const isStopped = options.signal.aborted || (await runtime.engineUnreachable()) !== undefined;
  run.journal.write({
    event: 'failed',
    phase,
    ...failure,
    ...(isStopped && { blame: 'harness' }),
    detail: describeError(error),
    ...(hint !== undefined && { hint }),
  });
}
