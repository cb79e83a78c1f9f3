// The events of a journal. Everything that a report shows is in one of them: the report is a pure function of the journal.
import type { ProofRow } from '../model/disaster.ts';
import type { ImageFact } from '../lab/lab.ts';
import type { ArtifactFact } from '../model/artifact.ts';
import type { TopologyNode } from '../swarm/topology.ts';
import type { StepCommand, StepOperation } from '../support/trace.ts';
import type { CheckResult } from '../model/check.ts';
import type { CoverageRow } from './coverage.ts';
import type { KnownCause } from './known-causes.ts';

export type { ArtifactFact, ImageFact, TopologyNode as NodePicture, ProofRow };

/** The order of a drill. Every step belongs to one phase; phases follow each other and never overlap. */
export const PHASES = [
  'plan',
  'provision',
  'seed',
  'backup',
  'drift',
  'disaster',
  'outage',
  'restore',
  'first-response',
  'verify',
  'teardown',
] as const;
export type Phase = (typeof PHASES)[number];
/** Phases in which functions of the plan run: what is in no step there is the drill's own code. */
export const AUTHOR_PHASES: ReadonlySet<Phase> = new Set([
  'seed',
  'backup',
  'drift',
  'disaster',
  'outage',
  'restore',
  'verify',
]);
export const OWN_CODE = "the drill's own code";

export type Mark =
  /** The disaster has taken hold, with proof: the recovery clock starts. */
  | 'disaster'
  /** The first application request was answered: RTA stops here. */
  | 'first-response'
  /** The last check has answered: time to proven stops here. */
  | 'proven';

export interface Environment {
  /** E.g. `Docker 26.1.5 (embedded lab)`. */
  readonly engine: string;
  /** The engine inside each node. */
  readonly nodeEngine: string;
  readonly kernel: string;
  readonly images: readonly Omit<ImageFact, 'origin'>[];
  /** E.g. `swarm-drill 0.1.0, Node.js v24.21.0`. */
  readonly tool: string;
  /** Of this project's work tree, with `-dirty` if it has changes; `unknown` outside git. */
  readonly commit: string;
  /** `embedded` or `engine`, with what isolates it. */
  readonly lab: string;
}

export interface CleanupFact {
  /** How many containers, networks and volumes of this drill the lab had, by kind. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  /** Names of what should have been removed and was not. */
  readonly leaked: readonly string[];
  readonly errors: readonly string[];
  /** With `--keep`: the command that opens a shell in what was kept. */
  readonly shellCommand?: string;
  /** With `--keep`: the command that removes what was kept. */
  readonly removeCommand?: string;
}

/** The part of a selection that one machine runs, counted from 1. */
export interface ShardFact {
  readonly index: number;
  readonly of: number;
  /** Names of all drills that the shards run together. */
  readonly selection: readonly string[];
}

/** Of every journal that this program writes. A rename of an event or field needs a new version. */
export const JOURNAL_VERSION = 3;

/** `t` is seconds since the drill began, on the monotonic clock. */
export type JournalEvent = { readonly t: number } & (
  | {
      readonly event: 'plan';
      readonly journal: typeof JOURNAL_VERSION;
      readonly name: string;
      readonly title: string;
      /** The kind of failure, in plain words. A journal of an older program has none. */
      readonly failure?: string;
      readonly file: string;
      /** The drill's source text: its pass criteria, recorded before anything starts. */
      readonly text: string;
      readonly topology: { readonly managers: number; readonly workers: number };
      /** Seconds; null if the drill sets none. */
      readonly objectives: { readonly rtoSeconds: number | null; readonly rpoSeconds: number | null };
      /** What is compared with the other drills of the run. */
      readonly subject: {
        readonly of: string;
        readonly aspects: readonly string[];
        readonly method: string;
        /** Names of the methods that it does not work without. */
        readonly requires: readonly string[];
        readonly loses: readonly string[];
        readonly limits: readonly string[];
      } | null;
      readonly seed: string;
      readonly size: string;
      /** The command that runs this drill again with the same parameters. */
      readonly rerunCommand: string;
      readonly tags: readonly string[];
      /** Set in a run with `--shard`. */
      readonly shard?: ShardFact;
      /** UTC. */
      readonly at: string;
      readonly pid: number;
    }
  | { readonly event: 'phase'; readonly phase: Phase; readonly at: string }
  /** Names of the other drills that run on the same machine from now on. Missing where that is not known. */
  | { readonly event: 'others'; readonly names: readonly string[] }
  | {
      readonly event: 'step';
      readonly id: number;
      readonly parent: number | null;
      readonly name: string;
      readonly harness: boolean;
      /** Set if the step is one method's whole backup or restore. */
      readonly operation?: StepOperation;
      /** What an operator types for the same effect. */
      readonly command?: StepCommand;
      readonly at: string;
    }
  | { readonly event: 'step-end'; readonly id: number; readonly error: string | null }
  | { readonly event: 'wait'; readonly step: number | null; readonly because: string }
  /** A write of the workload that was acknowledged at `t`. Batches are one line. */
  | { readonly event: 'written'; readonly ids: readonly string[] }
  /**
   * One of the writes that go on through the disaster: it began at `started` (seconds since the drill began) and was acknowledged, or
   * failed with `error`, at `t`.
   */
  | {
      readonly event: 'attempt';
      readonly id: string;
      readonly started: number;
      readonly seconds: number;
      readonly error: string | null;
    }
  /** Tar piped to zstd for the same data: bytes of the tar, seconds to pack it, and to unpack it. */
  | {
      readonly event: 'baseline-timing';
      readonly bytes: number;
      readonly seconds: number;
      readonly unpackSeconds: number;
    }
  | { readonly event: 'artifact'; readonly artifact: ArtifactFact }
  | { readonly event: 'mark'; readonly mark: Mark; readonly at: string }
  | { readonly event: 'proof'; readonly rows: readonly ProofRow[] }
  /** Which acknowledged writes the restored workload still has. */
  | { readonly event: 'surviving'; readonly ids: readonly string[] }
  | { readonly event: 'check'; readonly check: CheckResult }
  | { readonly event: 'coverage'; readonly rows: readonly CoverageRow[] }
  | { readonly event: 'topology'; readonly when: 'before' | 'after'; readonly nodes: readonly TopologyNode[] }
  | { readonly event: 'environment'; readonly environment: Environment }
  /** Why something waited, as the logs of a node show it. */
  | { readonly event: 'cause'; readonly cause: KnownCause }
  | { readonly event: 'log'; readonly node: string; readonly file: string; readonly bytes: number }
  /** The drill stopped early. `blame` decides between `not-recovered` and `inconclusive`. */
  | {
      readonly event: 'failed';
      readonly phase: Phase;
      readonly blame: 'finding' | 'harness';
      readonly reason: string;
      readonly detail: string;
      /** What to do about it. */
      readonly hint?: string;
    }
  | { readonly event: 'cleanup'; readonly cleanup: CleanupFact }
  /** Seconds that this program's event loop was active during the whole drill. */
  | { readonly event: 'harness'; readonly busySeconds: number }
  | { readonly event: 'end'; readonly at: string }
);
export type EventName = JournalEvent['event'];
