// A control is a drill with one thing broken on purpose. It must come out red, by the very check that it was meant for.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import singleManager from '../../drills/single-manager.drill.ts';
import type { Ledger } from '../../fixtures/ledger/ledger.ts';
import { createRuntime } from '../../src/cli/runner/runtime.ts';
import type { Drill, Plan, Restored } from '../../src/drill/plan.ts';
import { runDrill } from '../../src/drill/run.ts';
import { connect } from '../../src/lab/engine/connect.ts';
import { execInContainer } from '../../src/lab/engine/process.ts';
import type { Report } from '../../src/report/schema.ts';
import { writeDrillReport } from '../../src/report/write.ts';
import type { Kept } from '../../src/vault/vault.ts';

export const small: Plan = singleManager.plan;

/** What the small drill's restore gives back. */
export interface RestoredLedger extends Restored {
  readonly shop: Ledger;
}

/** The small drill, with something done to the restored swarm before the checks run. */
export const brokenAfterwards = (
  harm: (restored: RestoredLedger) => Promise<unknown>,
  plan: Plan = small,
): Plan => ({
  ...plan,
  async restore(context) {
    const restored = (await plan.restore(context)) as RestoredLedger;
    await harm(restored);
    return restored;
  },
});

/** Runs a shell script on the vault's host, as its operator, in the directory of the artifacts. */
export type InVault = (script: string) => Promise<string>;

/** Runs `plan` as any drill is run, and reads what its journal says. */
export async function outcome(plan: (inVault: InVault) => Plan): Promise<Report> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-control-'));
  try {
    return await outcomeIn(join(home, 'report'), plan);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The same, with the report left in `dir`. */
export async function outcomeIn(dir: string, plan: (inVault: InVault) => Plan): Promise<Report> {
  const run = `c${randomBytes(4).toString('hex')}`;
  const lab = inject('lab');
  const inVault: InVault = (script) =>
    execInContainer(connect(lab.host), `swarm-drill-${run}-control-vault`, [
      'sh',
      '-euc',
      `cd /vault/stream\n${script}`,
    ]);
  const drill: Drill = { ...singleManager, name: 'control', title: 'a control', plan: plan(inVault) };
  await runDrill(drill, createRuntime({ lab, run }), {
    dir,
    seed: 'control',
    size: 'small',
    keep: false,
    objectives: {},
    signal: new AbortController().signal,
    rerunCommand: 'npm test',
  });
  return writeDrillReport(dir);
}

/** The result of the check of that name; an unknown name is an error of the control. */
export function resultOf(report: Report, name: string): Report['checks'][number] {
  const check = report.checks.find((candidate) => candidate.name === name);
  if (!check) throw new Error(`no check is called "${name}"; the drill ended with: ${report.reason}`);
  return check;
}

/** Returns the artifact of that name, as the drill's own restore gets it. */
export const artifact = <Target, Result>(
  { kept }: Parameters<Plan['restore']>[0],
  name: string,
): Kept<Target, Result> => kept[name] as unknown as Kept<Target, Result>;

export const sql = ({ shop }: RestoredLedger, text: string): Promise<unknown> =>
  shop.database.asSuperuser((client) => client.query(text));

/** Runs the docker CLI on the restored manager. */
export const docker = async ({ swarm }: RestoredLedger, ...args: string[]): Promise<string> =>
  (await swarm.manager()).exec(['docker', ...args]);

/** Runs a shell script, as root, in the restored files volume. */
export async function inFiles({ shop }: RestoredLedger, script: string): Promise<string> {
  const { node, name } = await shop.files();
  const volume = await node.engine.volumes.inspect(name);
  return node.exec(['sh', '-euc', `cd ${volume.Mountpoint}\n${script}`]);
}
