// The phases of a drill, one function each, in the order in which `runDrill` calls them.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { ArtifactFact } from '../model/artifact.ts';
import type { Check, CheckResult } from '../model/check.ts';
import { firstResponseId } from '../model/own-writes.ts';
import { minutes, utcNow } from '../support/clock.ts';
import { DrillError } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step } from '../support/trace.ts';
import type { Inventory } from '../swarm/inventory.ts';
import type { Site } from '../swarm/site.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Vault } from '../vault/vault.ts';
import { acknowledgedWritesPresent, idsOf, type AcknowledgedWrites } from './writes/acknowledged-writes.ts';
import { coverageOf } from './coverage.ts';
import { JOURNAL_VERSION, type Phase } from './events.ts';
import type { Application, Artifacts, Objectives, Restored, Seeded } from './plan.ts';
import { runCheck } from './run-check.ts';
import type { RunContext } from './runtime.ts';
import { earlySentinelPresent, lateSentinelAsExpected } from './writes/sentinels.ts';
import { DEFAULT_TAGS } from './tags.ts';
import { collectLogs } from './teardown.ts';
import type { Writer } from './writes/writer.ts';

/** Acknowledged writes before the backup, in addition to the sentinel. */
const EARLY_WRITES = 10;
const FIRST_RESPONSE_LIMIT = minutes(3);

type Baseline = object & { readonly inventory: Inventory };

function enterPhase(run: RunContext, phase: Phase): void {
  run.options.signal.throwIfAborted();
  run.phase = phase;
  run.journal.write({ event: 'phase', phase, at: utcNow() });
}

/** Writes the drill's text, objectives and parameters down before anything starts. */
export async function recordPlan({
  drill,
  options,
  journal,
}: Pick<RunContext, 'drill' | 'options' | 'journal'>): Promise<void> {
  const { name, title, file, plan } = drill;
  const { subject } = plan;
  const objectives: Objectives = { ...plan.objectives, ...options.objectives };
  journal.write({
    event: 'plan',
    journal: JOURNAL_VERSION,
    name,
    title,
    failure: plan.failure ?? title,
    file: relative(process.cwd(), file),
    text: await readFile(file, 'utf8'),
    topology: { managers: plan.topology.managers, workers: plan.topology.workers },
    objectives: { rtoSeconds: objectives.rto ?? null, rpoSeconds: objectives.rpo ?? null },
    subject: subject
      ? {
          of: subject.of,
          aspects: subject.aspects,
          method: subject.method.name,
          requires: (subject.requires ?? []).map((method) => method.name),
          loses: subject.method.loses,
          limits: subject.method.limits,
        }
      : null,
    seed: options.seed,
    size: options.size,
    rerunCommand: options.rerunCommand,
    tags: plan.tags ?? DEFAULT_TAGS,
    ...(options.shard && { shard: options.shard }),
    at: utcNow(),
    pid: process.pid,
  });
}

/** Opens the site and the vault, and starts the swarm. */
export async function provision(
  run: RunContext,
): Promise<{ readonly site: Site; readonly swarm: Swarm; readonly vault: Vault }> {
  const { drill, runtime, journal, scope } = run;
  enterPhase(run, 'provision');
  const site = await step('open the site', () =>
    runtime.openSite(drill.name, scope, drill.plan.engineVersion ?? run.options.engineVersion),
  );
  run.site = site;
  const onArtifact = (artifact: ArtifactFact): void => journal.write({ event: 'artifact', artifact });
  const [swarm, vault] = await Promise.all([
    runtime.startSwarm(site, drill.plan.topology, drill.plan.addressPool),
    step('open the vault', () => runtime.openVault(site, scope, onArtifact, drill.plan.vault)),
  ]);
  journal.write({
    event: 'environment',
    environment: await step('record the environment', () => runtime.environment(), { harness: true }),
  });
  return { site, swarm, vault };
}

/** Deploys and fills the workload, writes the early sentinel, and records what must be true again after the restore. */
export async function seedAndRecordBaseline(
  run: RunContext,
  swarm: Swarm,
  writer: Writer,
): Promise<{ readonly seeded: Seeded; readonly sentinel: string; readonly baseline: Baseline }> {
  const { plan } = run.drill;
  const { seed, size } = run.options;
  enterPhase(run, 'seed');
  const seeded = await plan.seed({ swarm, seed, size });
  await step(`make ${EARLY_WRITES} acknowledged writes`, () =>
    writer.writeMany(seeded.app, 'early', EARLY_WRITES),
  );
  const sentinel = await writer.write(seeded.app, 'before');
  const inventory = await step('take the inventory', () => swarm.inventory());
  const { baseline } = plan;
  const recorded = baseline
    ? await step('record the baseline', () => baseline({ swarm, seeded }) as Promise<object>)
    : {};
  run.journal.write({ event: 'topology', when: 'before', nodes: inventory.topology });
  return { seeded, sentinel, baseline: { ...recorded, inventory } };
}

/** Takes the backup, then records what the checks of the vault will compare. */
export async function runBackup(
  run: RunContext,
  {
    swarm,
    vault,
    seeded,
    sentinel,
  }: { readonly swarm: Swarm; readonly vault: Vault; readonly seeded: Seeded; readonly sentinel: string },
): Promise<{ readonly kept: Artifacts; readonly vaultChecks: readonly Check[] }> {
  const { plan } = run.drill;
  enterPhase(run, 'backup');
  const { baselineTiming } = plan;
  if (baselineTiming)
    run.journal.write({
      event: 'baseline-timing',
      ...(await step('measure the baseline timing', () => baselineTiming({ seeded }), { harness: true })),
    });
  const kept = await plan.backup({ swarm, seeded, vault });
  const canaries = [sentinel, ...(seeded.canaries ?? [])];
  const vaultChecks = await step(
    'record what swarm and vault consist of',
    () => run.runtime.vaultChecks(vault, swarm, canaries),
    { harness: true },
  );
  return { kept, vaultChecks };
}

/** Lets the workload run on after the backup. @returns the sentinel that the backup does not have */
export async function runDrift(
  run: RunContext,
  { swarm, seeded, writer }: { readonly swarm: Swarm; readonly seeded: Seeded; readonly writer: Writer },
): Promise<string> {
  enterPhase(run, 'drift');
  const write = (count: number): Promise<void> => writer.writeMany(seeded.app, 'late', count);
  await step('write after the backup', () => run.drill.plan.drift({ swarm, seeded, write }));
  const sentinel = await writer.write(seeded.app, 'after');
  await step('confirm the acknowledged writes', () => writer.confirm(seeded.app));
  await step('collect logs', () => collectLogs(run), { harness: true });
  return sentinel;
}

/** Starts the recovery clock. @throws DrillError `no-disaster` unless every row of the proof says that something changed */
export async function runDisaster(run: RunContext, swarm: Swarm): Promise<unknown> {
  enterPhase(run, 'disaster');
  const { proof, survivors } = await run.drill.plan.disaster({ swarm });
  run.journal.write({ event: 'proof', rows: proof });
  const untouched = proof.filter((row) => row.after === row.before).map(({ what }) => what);
  if (proof.length === 0 || untouched.length > 0)
    throw new DrillError(
      `the disaster did not take hold: ${untouched.join(', ') || 'there is no proof of it'}`,
      {
        code: 'no-disaster',
      },
    );
  run.journal.write({ event: 'mark', mark: 'disaster', at: utcNow() });
  return survivors;
}

export async function observeOutage(
  run: RunContext,
  context: { readonly survivors: unknown; readonly baseline: Baseline },
): Promise<void> {
  const { outage } = run.drill.plan;
  if (!outage) return;
  enterPhase(run, 'outage');
  await runChecks(run, outage(context));
}

export async function runRestore(
  run: RunContext,
  context: { readonly site: Site; readonly kept: Artifacts; readonly survivors: unknown },
): Promise<Restored> {
  enterPhase(run, 'restore');
  return run.drill.plan.restore(context);
}

/** Stops the clock of RTA when the restored workload has acknowledged one write and returned it. */
export async function awaitFirstResponse(run: RunContext, app: Application): Promise<void> {
  enterPhase(run, 'first-response');
  const limit = run.drill.plan.firstResponseLimit ?? FIRST_RESPONSE_LIMIT;
  let attempt = 0;
  const respond = async () => {
    const id = firstResponseId(++attempt);
    await app.write(id);
    return (await app.present([id])).includes(id)
      ? { done: true }
      : { notYet: 'it acknowledged a write and does not have it' };
  };
  await step('first answered request', () =>
    waitUntil('the application', respond, { limit, blame: 'finding' }),
  );
  run.journal.write({ event: 'mark', mark: 'first-response', at: utcNow() });
}

/** Runs every check: the sentinels, the author's, the vault's. The last answer is the end of time to proven. */
export async function verifyRestore(
  run: RunContext,
  {
    restored,
    baseline,
    writes,
    sentinel,
    lateSentinel,
    vaultChecks,
  }: {
    readonly restored: Restored;
    readonly baseline: Baseline;
    readonly writes: AcknowledgedWrites;
    readonly sentinel: string;
    readonly lateSentinel: string;
    readonly vaultChecks: readonly Check[];
  },
): Promise<void> {
  const { journal } = run;
  const { plan } = run.drill;
  const { app, swarm } = restored;
  enterPhase(run, 'verify');
  const present = await step('count the surviving writes', () => app.present(idsOf(writes)));
  journal.write({ event: 'surviving', ids: present });
  const recoveryPoint = plan.recoveryPoint ?? 'backup';
  const checks = [
    earlySentinelPresent(app, sentinel),
    lateSentinelAsExpected(app, lateSentinel, recoveryPoint),
    ...plan.verify({ restored, baseline }),
    ...acknowledgedWritesPresent(writes, present, recoveryPoint),
    ...vaultChecks,
  ];
  const results = await runChecks(run, checks);
  journal.write({ event: 'mark', mark: 'proven', at: utcNow() });
  journal.write({ event: 'coverage', rows: coverageOf(checks, results, baseline.inventory) });
  const { topology } = await step('record the topology', () => swarm.inventory(), { harness: true });
  journal.write({ event: 'topology', when: 'after', nodes: topology });
}

/** One after the other: a check may stop a manager, and another one must not see that. */
async function runChecks({ journal }: RunContext, checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = await runCheck(check);
    journal.write({ event: 'check', check: result });
    results.push(result);
  }
  return results;
}
