// What a method stored in the vault, as the report shows it.
import type { Aspect } from './aspect.ts';
import type { Downtime } from './downtime.ts';

export interface ArtifactFact {
  readonly method: string;
  readonly name: string;
  /** Size as stored; of a repository, what it grew by. */
  readonly bytes: number;
  /** Of the file as stored; of a repository, of the list of its files' hashes. */
  readonly sha256: string;
  /** UTC. */
  readonly createdAt: string;
  readonly encrypted: boolean;
  /** Seconds that the backup took. */
  readonly seconds: number;
  /** What the backup stopped. */
  readonly stopped: readonly Downtime[];
  /** What this method does not restore, one sentence each. */
  readonly limits: readonly string[];
  /** The same as aspects, for the matrix. */
  readonly loses: readonly Aspect[];
}
