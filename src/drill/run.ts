// A drill from an empty machine to a finished journal. `runDrill` is the table of contents: plan, provision, seed, backup,
// drift, disaster, outage, restore, first response, verify, teardown. Each phase adds its facts to the journal; the report is made
// of that alone. What a phase may see is what it is handed here.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { join, relative } from 'node:path';
import { minutes, seconds, type Seconds, utcNow } from '../support/clock.ts';
import { describe, DrillError, reasonOf } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { Scope } from '../support/scope.ts';
import { step, traced, withSignal } from '../support/trace.ts';
import type { Site } from '../swarm/site.ts';
import type { Phase } from './events.ts';
import { Journal } from './journal.ts';
import { judge } from './judge.ts';
import type { Application, Drill, Objectives, Restored } from './plan.ts';
import type { RunOptions, Runtime } from './runtime.ts';
import { vaultStandsApart, vaultTellsNothing } from './off-site.ts';
import { afterIsAsExpected, beforeIsThere } from './sentinels.ts';
import { Writer } from './writer.ts';

/** Acknowledged writes before the backup, beside the sentinel. */
const WRITES_BEFORE = 10;
const FIRST_RESPONSE_LIMIT = minutes(3);
const TEARDOWN_BUDGET = seconds(60);

/**
 * Runs the drill to its end, whatever comes; all that there is to know afterwards is in `options.dir/journal.jsonl`.
 * @throws only when the journal itself can't be written
 */
export async function runDrill(drill: Drill, runtime: Runtime, options: RunOptions): Promise<void> {
  using journal = new Journal(options.dir);
  const scope = new Scope();
  const utilization = performance.eventLoopUtilization();
  const state: State = { phase: 'plan', site: undefined, logged: new Set() };
  await traced(journal, options.signal, async () => {
    try {
      await phases(drill, runtime, options, { journal, scope, state });
    } catch (error) {
      journal.write({
        event: 'failed',
        phase: state.phase,
        blame: await blameFor(error, state.phase, runtime, options),
        reason: reasonOf(error),
        detail: describe(error),
      });
    }
    await withSignal(new AbortController().signal, () =>
      teardown(drill, runtime, options, { journal, scope, state }),
    );
  });
  journal.write({
    event: 'harness',
    busySeconds: performance.eventLoopUtilization(utilization).active / 1000,
  });
  journal.write({ event: 'end', at: utcNow() });
}

interface State {
  phase: Phase;
  site: Site | undefined;
  readonly logged: Set<string>;
}
interface Desk {
  readonly journal: Journal;
  readonly scope: Scope;
  readonly state: State;
}

async function phases(
  { name, title, file, plan }: Drill,
  runtime: Runtime,
  options: RunOptions,
  desk: Desk,
): Promise<void> {
  const { journal, scope, state } = desk;
  const enter = (phase: Phase): void => {
    options.signal.throwIfAborted();
    state.phase = phase;
    journal.write({ event: 'phase', phase, at: utcNow() });
  };
  const writer = new Writer(journal);

  const objectives: Objectives = { ...plan.objectives, ...options.objectives };
  journal.write({
    event: 'plan',
    journal: 2,
    name,
    title,
    file: relative(process.cwd(), file),
    text: await readFile(file, 'utf8'),
    topology: plan.topology,
    objectives: { rtoSeconds: objectives.rto ?? null, rpoSeconds: objectives.rpo ?? null },
    subject: plan.subject
      ? {
          of: plan.subject.of,
          aspects: plan.subject.aspects,
          method: plan.subject.method.name,
          requires: (plan.subject.requires ?? []).map((method) => method.name),
          loses: plan.subject.method.loses,
          limits: plan.subject.method.cannotHold,
        }
      : null,
    seed: options.seed,
    size: options.size,
    rerunCommand: options.rerunCommand,
    at: utcNow(),
    pid: process.pid,
  });

  enter('provision');
  const site = await step('open the site', () => runtime.openSite(name, scope));
  state.site = site;
  const [swarm, vault] = await Promise.all([
    site.startSwarm(plan.topology),
    step('open the vault', () =>
      runtime.openVault(
        site,
        scope,
        (artifact) => journal.write({ event: 'artifact', artifact }),
        plan.vault,
      ),
    ),
  ]);
  journal.write({
    event: 'environment',
    environment: await step('note the environment', () => runtime.environment(), { harness: true }),
  });

  enter('seed');
  const seeded = await plan.seed({ swarm, seed: options.seed, size: options.size });
  await step(`${WRITES_BEFORE} acknowledged writes`, () =>
    writer.writeMany(seeded.app, 'early', WRITES_BEFORE),
  );
  const before = await writer.write(seeded.app, 'before');
  const inventory = await step('take the inventory', () => swarm.inventory());
  const baseline = {
    ...(await step('take the baseline', async () => plan.baseline({ swarm, seeded }) as Promise<object>)),
    inventory,
  };
  journal.write({ event: 'topology', when: 'before', nodes: inventory.topology });

  enter('backup');
  if (plan.baselineTiming) {
    const { baselineTiming } = plan;
    journal.write({
      event: 'baseline-timing',
      ...(await step('the plain way, to compare with', () => baselineTiming({ seeded }), { harness: true })),
    });
  }
  const kept = await plan.backup({ swarm, seeded, vault });
  const apart = await step(
    'note what swarm and vault are made of',
    () => runtime.proofs.noteParts(vault, swarm),
    {
      harness: true,
    },
  );

  enter('drift');
  await step('life goes on', () =>
    plan.drift({ swarm, seeded, write: (count) => writer.writeMany(seeded.app, 'late', count) }),
  );
  const after = await writer.write(seeded.app, 'after');
  await step('confirm the acknowledged writes', () => writer.confirm(seeded.app));
  await step('collect logs', () => collectLogs(desk, options.dir), { harness: true });

  enter('disaster');
  const { proof, survivors } = await plan.disaster({ swarm });
  journal.write({ event: 'proof', rows: proof });
  const untouched = proof.filter((row) => row.after === row.before);
  if (proof.length === 0 || untouched.length > 0)
    throw new DrillError(
      `the disaster did not take hold: ${untouched.map(({ what }) => what).join(', ') || 'there is no proof of it'}`,
      { code: 'no-disaster' },
    );
  journal.write({ event: 'mark', mark: 'disaster', at: utcNow() });

  if (plan.outage) {
    enter('outage');
    for (const check of plan.outage({ survivors, baseline }))
      journal.write({ event: 'check', check: await judge(check) });
  }

  enter('restore');
  const restored = await plan.restore({ site, kept, survivors });

  enter('first-response');
  await step('first answered request', () =>
    firstAnswer(restored.app, plan.firstResponseLimit ?? FIRST_RESPONSE_LIMIT),
  );
  journal.write({ event: 'mark', mark: 'first-response', at: utcNow() });

  enter('verify');
  const present = await step('count the surviving writes', () => restored.app.present(writer.acknowledged));
  journal.write({ event: 'surviving', ids: present });
  const checks = [
    beforeIsThere(restored.app, before),
    afterIsAsExpected(restored.app, after, plan.recoveryPoint ?? 'backup'),
    ...plan.verify({ restored, baseline }),
    vaultStandsApart(() => runtime.proofs.standsApart(vault, apart)),
    vaultTellsNothing(() => runtime.proofs.tellsNothing(vault, [before, ...(seeded.canaries ?? [])])),
  ];
  for (const check of checks) journal.write({ event: 'check', check: await judge(check) });
  journal.write({ event: 'mark', mark: 'proven', at: utcNow() });
  journal.write({ event: 'coverage', rows: runtime.coverage(checks, inventory) });
  await step(
    'draw the swarm',
    async () => journal.write({ event: 'topology', when: 'after', nodes: await topologyOf(restored) }),
    { harness: true },
  );
}

/** One write and one read through the workload's own client. */
async function firstAnswer(app: Application, limit: Seconds): Promise<void> {
  let attempt = 0;
  await waitUntil(
    'the application',
    async () => {
      const id = `first-response-${Date.now()}-${++attempt}`;
      await app.write(id);
      return (await app.present([id])).includes(id)
        ? { done: true }
        : { notYet: 'it acknowledged a write and does not have it' };
    },
    { limit, blame: 'finding' },
  );
}

const topologyOf = async ({ swarm }: Restored) => (await swarm.inventory()).topology;

/** A backup or restore that fails is a finding; a machine that lets us down is not, and neither is a person who stops us. */
async function blameFor(
  error: unknown,
  phase: Phase,
  runtime: Runtime,
  { signal }: RunOptions,
): Promise<'finding' | 'harness'> {
  if (signal.aborted || (await runtime.engineSilence()) !== undefined) return 'harness';
  if (error instanceof DrillError && error.blame === 'finding') return 'finding';
  return phase === 'restore' || phase === 'first-response' ? 'finding' : 'harness';
}

async function teardown(drill: Drill, runtime: Runtime, options: RunOptions, desk: Desk): Promise<void> {
  const { journal, scope } = desk;
  journal.write({ event: 'phase', phase: 'teardown', at: utcNow() });
  const errors: string[] = [];
  const tolerant = async <T>(what: Promise<T>, otherwise: T): Promise<T> =>
    what.catch((error: unknown) => {
      errors.push(reasonOf(error));
      return otherwise;
    });
  await tolerant(
    step('collect logs', () => collectLogs(desk, options.dir), { harness: true }),
    undefined,
  );
  const before = await tolerant(
    step('count what is there', () => runtime.leftovers(drill.name), { harness: true }),
    {},
  );
  const kept = options.keep
    ? await tolerant(runtime.shellCommand(drill.name), 'see swarm-drill doctor')
    : undefined;
  if (!options.keep)
    errors.push(...(await step('empty the lab', () => scope.close(TEARDOWN_BUDGET))).map(reasonOf));
  const after = options.keep
    ? before
    : await tolerant(
        step('count what is left', () => runtime.leftovers(drill.name), { harness: true }),
        {},
      );
  journal.write({
    event: 'cleanup',
    cleanup: {
      before: countsOf(before),
      after: countsOf(after),
      leaked: options.keep ? [] : Object.values(after).flat(),
      errors,
      ...(kept === undefined ? {} : { shellCommand: kept }),
    },
  });
}

const countsOf = (names: Readonly<Record<string, readonly string[]>>): Record<string, number> =>
  Object.fromEntries(Object.entries(names).map(([kind, list]) => [kind, list.length]));

async function collectLogs({ journal, state }: Desk, dir: string): Promise<void> {
  await mkdir(join(dir, 'logs'), { recursive: true });
  for (const { name, text } of (await state.site?.logs()) ?? []) {
    const file = `logs/${name}.log`;
    await writeFile(join(dir, file), text);
    if (state.logged.has(name)) continue;
    state.logged.add(name);
    journal.write({ event: 'log', node: name, file, bytes: Buffer.byteLength(text) });
  }
}
