// What a disaster returns: proof that it took hold, and what survived.

/** An object by its id, before and after the disaster. */
export interface ProofRow {
  readonly what: string;
  readonly id: string;
  readonly before: string;
  /** `gone`, or the state now. The same as `before` means that nothing happened to it. */
  readonly after: string;
}

/** What a disaster returns: proof for each object that it destroyed, and what is left of the swarm. */
export interface Aftermath<S> {
  readonly proof: readonly ProofRow[];
  readonly survivors: S;
}
