// What a method put into the vault, as the report tells it.
import type { Aspect } from './aspect.ts';

export interface ArtifactFact {
  readonly method: string;
  readonly name: string;
  /** As it lies in the vault; of a repository, what it grew by. */
  readonly bytes: number;
  /** Of the file as it lies in the vault; of a repository, of the list of its files' hashes. */
  readonly sha256: string;
  /** UTC. */
  readonly createdAt: string;
  readonly encrypted: boolean;
  /** Seconds that the backup took. */
  readonly seconds: number;
  /** What this method says that it can't bring back, one sentence each. */
  readonly limits: readonly string[];
  /** The same as the matrix knows it. */
  readonly loses: readonly Aspect[];
}
