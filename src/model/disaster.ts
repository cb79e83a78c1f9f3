// What a disaster leaves: proof that it took hold, and whatever survived it.

/** What was there by id before the disaster, and what became of it. */
export interface ProofRow {
  readonly what: string;
  readonly id: string;
  readonly before: string;
  /** `gone`, or what it is now. The same as `before` says that nothing happened to it. */
  readonly after: string;
}

/** What a disaster returns: proof for each object that it destroyed, and what is left of the swarm. */
export interface Aftermath<S> {
  readonly proof: readonly ProofRow[];
  readonly survivors: S;
}
