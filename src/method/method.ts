// A method: one way to back a thing up AND bring it back, with what it can't hold said beforehand.
import type { Readable } from 'node:stream';

/** Facts that the restore needs, written beside the artifact. Nothing secret. */
export type Claim = Readonly<Record<string, string>>;

/** Stores one file of the artifact in the vault, streaming. */
export type Put = (file: string, content: Readable) => Promise<void>;

/** An artifact whose every byte was compared with its SHA-256 before this was handed out. */
export interface OpenedArtifact {
  readonly claim: Claim;
  open(file: string): Readable;
}

export interface Method<Source, Target, Result> {
  readonly name: string;
  /** What it can't bring back, one sentence each; shown in the report. */
  readonly cannotHold: readonly string[];
  /** @throws DrillError with blame `finding` when the tool failed */
  backup(source: Source, put: Put): Promise<Claim>;
  /** @throws DrillError with blame `finding` when the artifact can't be brought back */
  restore(artifact: OpenedArtifact, target: Target): Promise<Result>;
}
