// A method: one way to back a thing up AND bring it back, with what it can't hold said beforehand.
import type { Readable } from 'node:stream';
import type { Aspect } from './aspect.ts';
import type { Node } from '../swarm/node.ts';
import type { Account, AccountKind } from './account.ts';

/** Facts that the restore needs, written beside the artifact. Nothing secret. */
export type Claim = Readonly<Record<string, string>>;

/** A program of the image that holds the backup programs, beside volumes, on a node. */
export interface PipeEnd {
  readonly node: Node;
  readonly argv: readonly string[];
  /** Volume's name to path in the container, with `:ro` where it is only read. */
  readonly volumes: Readonly<Record<string, string>>;
}

/** What a backup may do with the vault: add to it. */
export interface Deposit {
  /**
   * Stores one file of the artifact, streaming; compressed and encrypted on its way.
   * @throws DrillError with blame `finding` when the vault does not take it whole
   */
  readonly put: (file: string, content: Readable) => Promise<void>;
  /**
   * The same of what a program prints, straight from its node.
   * @throws also DrillError `<program>-failed`, a finding, when it ends with anything but 0
   */
  readonly putFrom: (file: string, end: PipeEnd) => Promise<void>;
  /**
   * The artifact's own account at the vault, made when it is first asked for, where things can be added and nothing taken away.
   * @param secrets names of random secrets that go along as files, the same ones for every account of this drill
   */
  readonly account: (kind: AccountKind, secrets?: readonly string[]) => Promise<Account>;
}

/** An artifact whose every byte was compared with its SHA-256 before this was handed out. */
export interface OpenedArtifact {
  readonly claim: Claim;
  /** The file as it was put, decrypted and unpacked. A stream that breaks is an error of the stream. */
  open(file: string): Readable;
  /**
   * The same as a program's standard input, straight to its node.
   * @throws DrillError when it does not come whole; `<program>-failed`, a finding, when the program ends with anything but 0
   */
  bringTo(file: string, end: PipeEnd): Promise<void>;
  /** The account that the backup filled, for reading. */
  account(kind: AccountKind, secrets?: readonly string[]): Promise<Account>;
}

export interface Method<Source, Target, Result> {
  readonly name: string;
  /** What it can't bring back, one sentence each; shown in the report. */
  readonly cannotHold: readonly string[];
  /** The same for the checks: what may differ after a restore without being a finding. Everything else it says it keeps. */
  readonly loses: readonly Aspect[];
  /** @throws DrillError with blame `finding` when the tool failed */
  backup(source: Source, deposit: Deposit): Promise<Claim>;
  /** @throws DrillError with blame `finding` when the artifact can't be brought back */
  restore(artifact: OpenedArtifact, target: Target): Promise<Result>;
}
