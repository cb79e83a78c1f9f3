// What a method put into the vault, as the report tells it.

export interface ArtifactFact {
  readonly method: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** UTC. */
  readonly createdAt: string;
  readonly encrypted: boolean;
  /** Seconds that the backup took. */
  readonly seconds: number;
  /** What this method says that it can't bring back, one sentence each. */
  readonly cannotHold: readonly string[];
}
