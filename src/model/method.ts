// A method: one way to back something up and to restore it, with its limits declared up front.
import type { Readable } from 'node:stream';
import type { Aspect } from './aspect.ts';
import type { Node } from '../swarm/node/node.ts';
import type { Account, AccountKind } from './account.ts';
import type { Downtime } from './downtime.ts';

/** What a restore needs to know about an artifact, stored with it as JSON. Never anything secret. */
export interface ArtifactMetadata {
  readonly [name: string]: unknown;
  /** What the backup stopped, and for how long. */
  readonly stopped?: readonly Downtime[];
}

/** Something that a method does not bring back. */
export interface Limit {
  /** One sentence, shown in the report and on the method's page. */
  readonly sentence: string;
  /** Aspects that may differ after a restore because of it. Default none: no check can see this limit. */
  readonly loses?: readonly Aspect[];
}

/** A program of the tools image, in a container on a node with volumes mounted. */
export interface ContainerCommand {
  readonly node: Node;
  readonly argv: readonly string[];
  /** Volume's name to path in the container, with `:ro` where it is only read. */
  readonly volumes: Readonly<Record<string, string>>;
}

/** What a backup may do with the vault: add to it. */
export interface ArtifactWriter {
  /**
   * Stores one file of the artifact, streaming; compressed and encrypted on its way.
   * @throws DrillError with blame `finding` when the vault does not take it whole
   */
  readonly put: (file: string, content: Readable) => Promise<void>;
  /**
   * The same of what a program prints, straight from its node.
   * @throws also DrillError `<program>-failed`, a finding, when it ends with anything but 0
   */
  readonly pipeFrom: (file: string, end: ContainerCommand) => Promise<void>;
  /**
   * The artifact's own account at the vault, made when it is first asked for, where things can be added and nothing taken away.
   * @param secrets names of random secrets that go along as files, the same ones for every account of this drill
   */
  readonly account: (kind: AccountKind, secrets?: readonly string[]) => Promise<Account>;
}

/** An artifact whose every byte was compared with its SHA-256 before this was handed out. */
export interface ArtifactReader<Metadata = ArtifactMetadata> {
  readonly metadata: Metadata;
  /** The file as it was put, decrypted and unpacked. A stream that breaks is an error of the stream. */
  open(file: string): Readable;
  /**
   * The same as a program's standard input, straight to its node.
   * @throws DrillError when it does not come whole; `<program>-failed`, a finding, when the program ends with anything but 0
   */
  pipeTo(file: string, end: ContainerCommand): Promise<void>;
  /** The account that the backup filled, for reading. */
  account(kind: AccountKind, secrets?: readonly string[]): Promise<Account>;
}

/** Made by `defineMethod`, which derives `loses` from the limits and validates the metadata. */
export interface Method<Source, Target, Result> {
  readonly name: string;
  /** What it does not restore, one sentence each; shown in the report and on its page. */
  readonly limits: readonly string[];
  /** Aspects that may differ after a restore because of the limits. Everything else must come back. */
  readonly loses: readonly Aspect[];
  /** @throws DrillError with blame `finding` when the tool failed */
  backup(source: Source, artifact: ArtifactWriter): Promise<ArtifactMetadata>;
  /** @throws DrillError with blame `finding` when the artifact can't be restored */
  restore(artifact: ArtifactReader, target: Target): Promise<Result>;
}
