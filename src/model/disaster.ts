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

/** What a disaster returns that can be reversed. */
export interface Reversible<S> extends Aftermath<S> {
  /**
   * Reverses the failure itself, as an operator would: reconnects the network, starts the node. It does not repair what the failure
   * caused. A second call does nothing.
   * @throws DrillError `not-undone` if the failure is still there
   */
  readonly undo: () => Promise<void>;
}
