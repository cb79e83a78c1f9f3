// The evidence of a run, from its plan to its seal. What fails here is shown with what to do, and never changes a verdict or an exit code.
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Drill } from '../../drill/plan.ts';
import { beginRun } from '../../evidence/begin-run.ts';
import { type LoadedFacts, loadFacts } from '../../evidence/facts/load.ts';
import { appendEntry } from '../../evidence/ledger/append.ts';
import { sealRun } from '../../evidence/seal-run.ts';
import type { SigningKey } from '../../evidence/signing/keys.ts';
import { readSigningKey } from '../../evidence/signing/read-key.ts';
import type { TimeStampAuthority } from '../../evidence/time-stamp/authority.ts';
import { connectAuthority } from '../../evidence/time-stamp/client.ts';
import { ownerOf } from '../../lab/labels.ts';
import type { Approval } from '../../model/approval.ts';
import type { Run } from '../../report/schema.ts';
import { writeRunReport } from '../../report/write.ts';
import { describeError, reasonOf } from '../../support/errors.ts';
import type { RunSettings } from './settings.ts';
import { detectTrigger } from './trigger.ts';

/** As given on the command line. */
export interface EvidenceOptions {
  readonly signingKey?: string | undefined;
  readonly signingKeyFd?: number | undefined;
  /** File with what people state. Default: evidence.yml, if there is one. */
  readonly evidence?: string | undefined;
}

/** What signs and stamps a run, and what people state about it. */
export interface EvidenceTools {
  readonly key: SigningKey | undefined;
  readonly facts: LoadedFacts | null;
  readonly authority: TimeStampAuthority | undefined;
}

/** @throws DrillError `usage` for a key or a file that is missing or wrong: nothing was started then */
export async function loadEvidenceTools(
  { signingKey, signingKeyFd, evidence }: EvidenceOptions,
  print: (text: string) => void,
): Promise<EvidenceTools> {
  const facts = await loadFacts(evidence);
  const loaded = await readSigningKey({ file: signingKey, descriptor: signingKeyFd });
  for (const warning of loaded?.warnings ?? []) print(`warning: ${warning}`);
  const authority = facts?.facts['time-stamp'];
  return { key: loaded?.key, facts, authority: authority && connectAuthority(authority.url) };
}

/** Returns what the pages say about a run with these tools, before anyone has approved or reviewed it. */
export const initialApproval = (
  { key, facts }: Pick<EvidenceTools, 'key' | 'facts'>,
  time: string | null,
  inLedger: boolean,
): Approval => {
  const keyName = facts?.facts.people?.operators?.find((person) => person.key === key?.id)?.name;
  return {
    signed: key ? { keyId: key.id, ...(keyName !== undefined && { keyName }) } : null,
    time,
    approver: null,
    reviewer: null,
    exceptions: [],
    inLedger,
  };
};

export class RunEvidence {
  readonly #directory: string;
  readonly #id: string;
  readonly #tools: EvidenceTools;
  readonly #print: (text: string) => void;
  readonly #planTime: string | undefined;
  readonly #inLedger: boolean;

  private constructor(
    run: RunSettings,
    tools: EvidenceTools,
    begun: { planTime?: string; inLedger: boolean },
    print: (text: string) => void,
  ) {
    this.#directory = run.directory;
    this.#id = run.runId;
    this.#tools = tools;
    this.#planTime = begun.planTime;
    this.#inLedger = begun.inLedger;
    this.#print = print;
  }

  /** Records the plan, and enters the start into the ledger. */
  static async begin(
    run: RunSettings,
    drills: readonly Drill[],
    tools: EvidenceTools,
    print: (text: string) => void,
  ): Promise<RunEvidence> {
    const warn = (warning: string): void => print(`warning: ${warning}`);
    try {
      const begun = await beginRun({
        reports: dirname(run.directory),
        directory: basename(run.directory),
        run: run.runId,
        trigger: detectTrigger(),
        options: run,
        owner: ownerOf(process.pid),
        drills,
        ...tools,
      });
      begun.warnings.forEach(warn);
      return new RunEvidence(run, tools, begun, print);
    } catch (error) {
      warn(
        `the plan of this run was not recorded: ${reasonOf(error)}\nwhat to do: Make room in ${run.directory}.`,
      );
      return new RunEvidence(run, tools, { inLedger: false }, print);
    }
  }

  /** What the pages say about the run. */
  get approval(): Approval {
    const isStamped = this.#planTime?.startsWith('plan ') ?? false;
    return initialApproval(this.#tools, isStamped ? (this.#planTime ?? null) : null, this.#inLedger);
  }

  /** Signs the run, whose reports are written, and enters its end into the ledger. */
  async seal(run: Run): Promise<void> {
    const request = { directory: this.#directory, run, planTime: this.#planTime, ...this.#tools };
    try {
      const sealed = await sealRun(request);
      for (const warning of sealed.warnings) this.#print(`warning: ${warning}`);
      if (sealed.inLedger || !this.#inLedger) return;
      // The pages say that the run is in the ledger. They are written and signed again without that.
      const approval = { ...this.approval, inLedger: false };
      await sealRun({ ...request, run: await writeRunReport(this.#directory, approval), ledger: false });
    } catch (error) {
      this.#print(
        `warning: this run has no evidence: ${describeError(error)}\n` +
          `what to do: Make room, then seal it with \`swarm-drill report ${this.#directory}\`.`,
      );
    }
  }

  /** Takes a run back that could not start because the request was wrong: its directory has nothing but the plan. */
  async withdraw(reason: string): Promise<void> {
    try {
      await rm(this.#directory, { recursive: true });
      if (!this.#inLedger) return;
      await appendEntry(
        dirname(this.#directory),
        {
          event: 'removed',
          run: this.#id,
          directory: basename(this.#directory),
          statement: null,
          reason: `nothing was started: ${reason}`,
        },
        this.#tools.key,
      );
    } catch (error) {
      this.#print(`warning: ${this.#directory} was not removed: ${reasonOf(error)}`);
    }
  }
}
