// The program with drills that run, as a person sees it from outside: its process, and the journals that grow.
import { execa } from 'execa';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJournal, selectEvents } from '../../src/report/journal-reader.ts';
import type { Report } from '../../src/report/schema.ts';
import { MAIN, ROOT } from './program.ts';

export class DrillRun implements AsyncDisposable {
  readonly program;
  readonly #reports: string;
  #hasEnded = false;

  private constructor(reports: string, env: Readonly<Record<string, string>>, args: readonly string[]) {
    this.#reports = reports;
    this.program = execa(process.execPath, [MAIN, 'run', ...args, '--no-check', '--reports', reports], {
      cwd: ROOT,
      reject: false,
      env: { NO_COLOR: '1', ...env },
    });
    void this.program.then(() => (this.#hasEnded = true));
  }

  /** Starts `swarm-drill run` with these arguments. @param env in addition to the current environment */
  static async start(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<DrillRun> {
    return new DrillRun(await mkdtemp(join(tmpdir(), 'swarm-drill-run-')), env, args);
  }

  /** Returns a drill's journal once it has `text` in it. */
  async journalWith(drill: string, text: string): Promise<string> {
    for (;;) {
      const journal = await this.#read(drill, 'journal.jsonl').catch(() => '');
      if (journal.includes(text)) return journal;
      if (this.#hasEnded) {
        const { exitCode, stdout, stderr } = await this.program;
        throw new Error(
          `the program ended (${exitCode}) before the journal of ${drill} had ${text}:\n${stdout}\n${stderr}`,
        );
      }
      await sleep(50);
    }
  }

  /** Returns the process in which the drill runs, once it has started. */
  async pidOf(drill: string): Promise<number> {
    const journal = await this.journalWith(drill, '"event":"phase"');
    const plan = selectEvents(parseJournal(journal).events, 'plan')[0];
    if (!plan) throw new Error(`the journal of ${drill} has no plan`);
    return plan.pid;
  }

  async report(drill: string): Promise<Report> {
    return JSON.parse(await this.#read(drill, 'report.json')) as Report;
  }

  async #read(drill: string, file: string): Promise<string> {
    const run = (await readdir(this.#reports)).find((name) => name !== 'latest') ?? 'none';
    return readFile(join(this.#reports, run, drill, file), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.program.kill('SIGKILL');
    await this.program;
    await rm(this.#reports, { recursive: true, force: true });
  }
}
