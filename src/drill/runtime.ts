// What a run needs of the rest of the house, handed in by the program: the drill itself starts no engine and writes no report.
import type { Check } from '../model/check.ts';
import type { CoverageRow } from '../check/coverage.ts';
import type { ArtifactFact } from '../model/artifact.ts';
import type { Apart, Proof } from '../vault/proof.ts';
import type { Vault } from '../vault/vault.ts';
import type { Scope } from '../support/scope.ts';
import type { Inventory } from '../swarm/inventory.ts';
import type { Site } from '../swarm/site.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Environment } from './events.ts';
import type { Objectives, Plan, Size } from './plan.ts';

export interface Runtime {
  environment(): Promise<Environment>;
  /** An empty site of the drill's own; its undo is registered in `scope` first. */
  openSite(drill: string, scope: Scope): Promise<Site>;
  /** A vault that shares nothing with the site. */
  openVault(
    site: Site,
    scope: Scope,
    onArtifact: (artifact: ArtifactFact) => void,
    options: Plan['vault'],
  ): Promise<Vault>;
  readonly proofs: {
    /** What swarm and vault are made of, while both are there. */
    noteParts(vault: Vault, swarm: Swarm): Promise<Apart>;
    standsApart(vault: Vault, apart: Apart): Promise<Proof>;
    tellsNothing(vault: Vault, canaries: readonly string[]): Promise<Proof>;
  };
  coverage(checks: readonly Check[], inventory: Inventory): CoverageRow[];
  /** What the lab holds of this drill now, by kind, by name. */
  leftovers(drill: string): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Why the lab's engine doesn't answer; undefined when it does. */
  engineSilence(): Promise<string | undefined>;
  /** How to get into what `--keep` leaves. */
  shellCommand(drill: string): Promise<string>;
}

export interface RunOptions {
  /** The drill's own report directory. */
  readonly dir: string;
  readonly seed: string;
  readonly size: Size;
  readonly keep: boolean;
  /** Win over the plan's own. */
  readonly objectives: Objectives;
  /** Ends the drill early, in good order. */
  readonly signal: AbortSignal;
  /** The command that runs this drill again. */
  readonly rerunCommand: string;
}
