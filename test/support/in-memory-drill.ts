// Runs a drill without an engine: the runner, its journal and its report are real, site, swarm and vault are not there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Application, Plan, Restored } from '../../src/drill/plan.ts';
import { runDrill } from '../../src/drill/run.ts';
import type { Runtime } from '../../src/drill/runtime.ts';
import type { Report } from '../../src/report/schema.ts';
import { writeDrillReport } from '../../src/report/write.ts';
import type { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import type { Vault } from '../../src/vault/vault.ts';

const nothing = async () => ({ topology: [], objects: {} });
export const swarm = { inventory: nothing } as unknown as Swarm;
const site = { logs: async () => [] } as unknown as Site;

const runtime: Runtime = {
  environment: async () => ({
    engine: 'none',
    nodeEngine: 'none',
    kernel: 'none',
    images: [],
    tool: 'test',
    commit: 'unknown',
    lab: 'none',
  }),
  openSite: async () => site,
  startSwarm: async () => swarm,
  openVault: async () => ({}) as unknown as Vault,
  vaultChecks: async () => [],
  leftovers: async () => ({}),
  engineLog: async () => undefined,
  engineUnreachable: async () => undefined,
  removeCommand: '',
  shellCommand: async () => '',
};

/** Keeps its writes in memory, and can be made to fail and to forget. */
export class InMemoryApplication implements Application {
  readonly writes = new Set<string>();
  failure: string | undefined;

  async write(id: string): Promise<void> {
    if (this.failure !== undefined) throw new Error(this.failure);
    this.writes.add(id);
  }
  async present(ids: readonly string[]): Promise<string[]> {
    return ids.filter((id) => this.writes.has(id));
  }
}

/** A drill whose disaster is that the application fails, and whose restore makes it answer again. */
export const outagePlan = (app: InMemoryApplication): Plan => ({
  topology: { managers: 1, workers: 0 },
  objectives: {},
  seed: async () => ({ app }),
  backup: async () => ({}),
  drift: async () => {},
  async disaster() {
    app.failure = 'connection refused';
    return {
      proof: [{ what: 'application', id: '1', before: 'answers', after: 'fails' }],
      survivors: undefined,
    };
  },
  async restore(): Promise<Restored> {
    app.failure = undefined;
    return { app, swarm };
  },
  verify: () => [],
});

/** Runs `plan` to its end and returns its report. */
export async function runInMemory(plan: Plan): Promise<Report> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-'));
  try {
    const dir = join(home, 'drill');
    await runDrill({ name: 'in-memory', title: 'in memory', file: import.meta.filename, plan }, runtime, {
      dir,
      seed: 'seed',
      size: 'small',
      keep: false,
      objectives: {},
      signal: new AbortController().signal,
      rerunCommand: 'npm test',
    });
    return await writeDrillReport(dir);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
