// Runs the drills of a run, several side by side, each in a separate process. What one of them does or suffers ends with it: the
// others share only the engine.
import { join } from 'node:path';
import type { Drill } from '../../drill/plan.ts';
import { recordUnstarted } from '../../drill/verdict/unstarted.ts';
import type { Lab } from '../../lab/lab.ts';
import { connect, unreachableReason } from '../../lab/engine/connect.ts';
import { toLabFacts } from '../runner/lab-facts.ts';
import { formatRerunCommand, type RunSettings } from '../runner/settings.ts';
import { type DrillEnd, type DrillProcess, startDrillProcess } from './drill-process.ts';
import { completeJournal } from './post-mortem.ts';
import { nextToStart, type Place, type Running } from './schedule.ts';
import { DEFAULT_DRILL_LIMIT, endWithin, STOPPING_LIMIT, type TimeLimit } from './time-limit.ts';

/** An open lab as a place for drills. */
export interface LabPlace extends Place {
  readonly lab: Lab;
}

export interface JobRunnerOptions {
  /** In the order in which they should start. */
  readonly drills: readonly Drill[];
  readonly places: readonly LabPlace[];
  /** Most drills at one time. */
  readonly jobs: number;
  /** Default: DEFAULT_DRILL_LIMIT, and STOPPING_LIMIT after it. */
  readonly limit?: Partial<TimeLimit> | undefined;
  readonly run: RunSettings;
  readonly print: (text: string) => void;
}

interface Job extends Running<LabPlace> {
  readonly process: DrillProcess;
  /** Resolves when the drill ended and its journal is complete. */
  readonly done: Promise<void>;
}

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #running = new Set<Job>();
  #waiting: readonly Drill[];
  /** Why an engine gets no more drills, by its address. */
  readonly #lost = new Map<string, string>();
  #isStopping = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#waiting = options.drills;
  }

  /** Runs every drill. Each has a journal then: also one that died, or that did not start. */
  async run(): Promise<void> {
    for (;;) {
      for (let next = this.#next(); next; next = this.#next()) this.#start(next);
      if (this.#running.size === 0) break;
      await Promise.race([...this.#running].map(({ done }) => done));
    }
    for (const drill of this.#waiting) await this.#recordUnstarted(drill, this.#reasonNotStarted());
  }

  /** Starts no more drills, and ends those that run, with logs, cleanup and report. */
  stop(): void {
    this.#isStopping = true;
    for (const { process } of this.#running) process.stop({ reason: 'the drill was stopped' });
  }

  /** Ends the processes of all drills immediately. */
  kill(): void {
    for (const { process } of this.#running) process.kill();
  }

  #next(): Running<LabPlace> | undefined {
    if (this.#isStopping) return undefined;
    const { places, jobs } = this.#options;
    return nextToStart({
      waiting: this.#waiting,
      running: [...this.#running],
      places: places.filter(({ address }) => !this.#lost.has(address)),
      jobs,
    });
  }

  #start({ drill, place }: Running<LabPlace>): void {
    const { run, print, jobs, limit } = this.#options;
    this.#waiting = this.#waiting.filter((one) => one !== drill);
    const process = startDrillProcess({
      drill,
      lab: toLabFacts(place.lab),
      run,
      others: this.#namesOn(place),
      print: (line) => print(jobs > 1 ? `${drill.name}: ${line}` : line),
    });
    const job: Job = {
      drill,
      place,
      process,
      done: endWithin({ drill: DEFAULT_DRILL_LIMIT, stopping: STOPPING_LIMIT, ...limit }, process).then(
        async (end) => {
          await this.#conclude(drill, place, end);
          this.#running.delete(job);
          this.#announce(place);
        },
      ),
    };
    this.#announce(place, drill.name);
    this.#running.add(job);
  }

  /** A drill that is inconclusive may have lost its engine: the waiting ones then go to the others. */
  async #conclude(drill: Drill, place: LabPlace, end: DrillEnd): Promise<void> {
    if (end.kind === 'reported' && end.verdict !== 'inconclusive') return;
    const reason = await unreachableReason(connect(place.lab.host));
    if (reason !== undefined) this.#loseEngine(place, reason);
    if (end.kind === 'reported') return;
    this.#options.print(`${drill.name}: ${end.reason}`);
    const directory = join(this.#options.run.directory, drill.name);
    const completed = await completeJournal({
      directory,
      end,
      drill: drill.name,
      run: this.#options.run,
      lab: place.lab,
      isReachable: reason === undefined,
    });
    if (!completed) await this.#recordUnstarted(drill, { hint: 'See what it printed.', ...end });
  }

  #loseEngine({ address }: LabPlace, reason: string): void {
    if (this.#lost.has(address)) return;
    this.#lost.set(address, reason);
    this.#options.print(`the engine at ${address} gets no more drills: it does not answer: ${reason}`);
  }

  #namesOn({ machine }: LabPlace): string[] {
    return [...this.#running].filter(({ place }) => place.machine === machine).map(({ drill }) => drill.name);
  }

  /** Passes to every drill on the machine which others run there now. @param joining one that is about to */
  #announce(place: LabPlace, joining?: string): void {
    const names = [...this.#namesOn(place), ...(joining === undefined ? [] : [joining])];
    for (const { drill, place: at, process } of this.#running)
      if (at.machine === place.machine) process.announce(names.filter((name) => name !== drill.name));
  }

  #reasonNotStarted(): { reason: string; hint: string } {
    if (this.#isStopping)
      return { reason: 'it was not started: the run was stopped', hint: 'Run it again with --last-failed.' };
    const engines = [...this.#lost].map(([address, reason]) => `${address}: ${reason}`);
    return {
      reason: `it was not started: no engine answers any more (${engines.join('; ')})`,
      hint: 'Start the engine again, and run the drill with --last-failed.',
    };
  }

  async #recordUnstarted(
    drill: Drill,
    why: {
      readonly reason: string;
      readonly hint?: string | undefined;
      readonly detail?: string | undefined;
    },
  ): Promise<void> {
    const { run } = this.#options;
    const directory = join(run.directory, drill.name);
    const options = {
      ...run,
      dir: directory,
      rerunCommand: formatRerunCommand(drill.name, run),
      signal: new AbortController().signal,
    };
    await recordUnstarted({
      directory,
      reason: why.reason,
      hint: why.hint ?? 'See what it printed.',
      detail: why.detail,
      plan: { drill, options },
    });
  }
}
