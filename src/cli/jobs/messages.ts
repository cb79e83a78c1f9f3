// What the program and the process of a drill send each other.
import type { Verdict } from '../../drill/verdict/verdict.ts';
import type { LabFacts } from '../../lab/lab.ts';
import type { RunSettings } from '../runner/settings.ts';

/** From the program to a drill. `start` is the first, and is sent once. */
export type ToDrill =
  | {
      readonly type: 'start';
      readonly name: string;
      /** Absolute path of the drill's file. */
      readonly file: string;
      readonly lab: LabFacts;
      readonly run: RunSettings;
      readonly others: readonly string[];
    }
  /** Names of the other drills that run on the same machine from now on. */
  | { readonly type: 'others'; readonly names: readonly string[] }
  /** End the drill early: with logs, cleanup and report. */
  | ({ readonly type: 'stop' } & StopReason);

/** Why a drill is stopped, for its report. */
export interface StopReason {
  /** Lower case. */
  readonly reason: string;
  /** What to do: an imperative sentence. */
  readonly hint?: string | undefined;
}

/** From a drill to the program; the last before its process exits. */
export type FromDrill =
  | { readonly type: 'ended'; readonly verdict: Verdict }
  /** It ended without a report. */
  | {
      readonly type: 'failed';
      readonly reason: string;
      readonly detail: string;
      readonly hint?: string | undefined;
    };

/** The file descriptor that is open as long as the program lives. */
export const LIFELINE = 4;
