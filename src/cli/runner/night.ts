// What a run that no one watches needs around it: its turn on the machine, the ledger from a branch, and messages to people.
import { basename, join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { readLedger } from '../../evidence/ledger/read.ts';
import { FACTS_FILE } from '../../evidence/facts/load.ts';
import type { Verdict } from '../../drill/verdict/verdict.ts';
import { loadRecipients } from '../../notify/load.ts';
import {
  endMessage,
  failedMessage,
  type Message,
  type RunFacts,
  startMessage,
} from '../../notify/message.ts';
import { deliver, describeDelivery, recordDeliveries, type Recipients } from '../../notify/notify.ts';
import { Run } from '../../report/schema.ts';
import type { Seconds } from '../../support/clock.ts';
import { describeError, DrillError, reasonOf } from '../../support/errors.ts';
import { fetchLedger, type LedgerBranch, pushLedger } from '../ci/ledger-branch.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Selection } from '../select/selection.ts';
import { takeTurn } from './turn.ts';
import { detectTrigger } from './trigger.ts';

/** As given on the command line. */
export interface NightOptions {
  /** File that says who is informed. Default: the part `notify` of evidence.yml. */
  readonly notify?: string | undefined;
  readonly evidence?: string | undefined;
  /** How long to wait for another run of this machine. */
  readonly wait?: Seconds | undefined;
  /** Branch of `origin` that keeps the ledger. */
  readonly ledgerBranch?: string | undefined;
}

interface NightRequest {
  readonly options: NightOptions;
  readonly selection: Selection;
  /** The directory of all runs, absolute. */
  readonly reports: string;
  /** What is drilled, from evidence.yml. */
  readonly system: string | undefined;
  readonly print: (text: string) => void;
}

export class Night implements AsyncDisposable {
  readonly #request: NightRequest;
  readonly #recipients: Recipients;
  readonly #facts: RunFacts;
  readonly #held = new AsyncDisposableStack();
  #previous: ReadonlyMap<string, Verdict> = new Map();

  private constructor(request: NightRequest, recipients: Recipients) {
    this.#request = request;
    this.#recipients = recipients;
    this.#facts = { system: request.system, link: detectTrigger().url };
  }

  /**
   * Waits for the machine, and brings the ledger from its branch.
   * @throws DrillError `usage` for a wrong file; `busy`, `ledger-branch`, `ledger-fork`: those are informed who want to know
   */
  static async prepare(request: NightRequest): Promise<Night> {
    const { notify, evidence = FACTS_FILE, wait } = request.options;
    const night = new Night(request, await loadRecipients(notify, evidence));
    try {
      night.#held.use(await takeTurn(wait, request.print));
      const branch = night.#branch;
      if (branch) await fetchLedger(branch);
      night.#previous = await readPrevious(request);
      return night;
    } catch (error) {
      await night.#send(failedMessage(night.#facts, reasonOf(error), exitCodeOf(error)));
      await night.#held.disposeAsync();
      throw error;
    }
  }

  /** Reports the start: it is in the ledger now. @throws DrillError `ledger-fork` if another night has started since */
  async started(): Promise<void> {
    await this.#push('Start a run').catch((error: unknown) => {
      if (error instanceof DrillError && error.code === 'ledger-fork') throw error;
      this.#warn(error);
    });
    await this.#send(startMessage(this.#facts, this.#request.selection.drills.length));
  }

  /** Reports the end. @param error why the run ended before its drills did */
  async ended(directory: string, error?: unknown): Promise<void> {
    await this.#push('End a run').catch((failure: unknown) => this.#warn(failure));
    await this.#send(await this.#endMessage(directory, error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  get #branch(): LedgerBranch | undefined {
    const { options, reports } = this.#request;
    if (options.ledgerBranch === undefined) return undefined;
    return { branch: options.ledgerBranch, reports, repository: process.cwd() };
  }

  async #push(what: string): Promise<void> {
    // CI systems start nothing for a commit with these words.
    if (this.#branch) await pushLedger(this.#branch, `${what} [skip ci]`);
  }

  async #endMessage(directory: string, error: unknown): Promise<Message> {
    try {
      const run = Run.parse(JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')));
      return endMessage(this.#facts, basename(directory), run, this.#previous);
    } catch (unreadable) {
      const reason = reasonOf(error ?? unreadable);
      return failedMessage(this.#facts, reason, exitCodeOf(error ?? unreadable));
    }
  }

  /** Shows what came of each message, and records it next to the ledger. */
  async #send(message: Message): Promise<void> {
    const deliveries = await deliver(message, this.#recipients);
    for (const delivery of deliveries)
      if (message.event !== 'start' || delivery.result === 'failed')
        this.#request.print(`notify: ${describeDelivery(delivery)}`);
    await recordDeliveries(this.#request.reports, message, deliveries).catch((error: unknown) =>
      this.#request.print(`warning: what came of the notifications was not recorded: ${reasonOf(error)}`),
    );
  }

  #warn(error: unknown): void {
    this.#request.print(`warning: ${describeError(error)}`);
  }
}

/** Returns the last verdict of each drill: from the ledger, else from the reports that are still there. */
async function readPrevious({ reports, selection }: NightRequest): Promise<Map<string, Verdict>> {
  const { entries } = await readLedger(reports).catch(() => ({ entries: [] }));
  const recorded = entries.flatMap((entry) =>
    entry.event === 'end' || entry.event === 'merge' ? entry.drills : [],
  );
  return new Map([
    ...[...selection.history].map(([name, { verdict }]): [string, Verdict] => [name, verdict]),
    ...recorded.map(({ drill, verdict }): [string, Verdict] => [drill, verdict]),
  ]);
}
