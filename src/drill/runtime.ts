// What a run needs from the other folders, handed in by the command line: the drill itself starts no engine and writes no report.
import type { ArtifactFact } from '../model/artifact.ts';
import type { EngineVersion } from '../lab/image/engine-versions.ts';
import type { Check } from '../model/check.ts';
import type { Scope } from '../support/scope.ts';
import type { AddressPool } from '../swarm/membership.ts';
import type { Site } from '../swarm/site.ts';
import type { Swarm, Topology } from '../swarm/swarm.ts';
import type { Vault } from '../vault/vault.ts';
import type { Environment, Phase, ShardFact } from './events.ts';
import type { Journal } from './journal.ts';
import type { Drill, Objectives, Plan, Size } from './plan.ts';

export interface Runtime {
  environment(): Promise<Environment>;
  /** Opens an empty site of the drill's own; its undo is registered in `scope` first. */
  openSite(drill: string, scope: Scope, engineVersion: EngineVersion | undefined): Promise<Site>;
  /** Starts the swarm that the drill begins with. */
  startSwarm(site: Site, topology: Topology, addressPool: AddressPool | undefined): Promise<Swarm>;
  /** Opens a vault that shares nothing with the site. */
  openVault(
    site: Site,
    scope: Scope,
    onArtifact: (artifact: ArtifactFact) => void,
    options: Plan['vault'],
  ): Promise<Vault>;
  /**
   * Records what swarm and vault consist of while both exist, and returns the checks of the vault that every drill makes after the
   * restore without its author writing them.
   * @param canaries random text that was seeded in plain
   */
  vaultChecks(vault: Vault, swarm: Swarm, canaries: readonly string[]): Promise<readonly Check[]>;
  /** Names of what the lab holds of this drill now, by kind. */
  leftovers(drill: string): Promise<Readonly<Record<string, readonly string[]>>>;
  /** What the lab's engine has logged during this drill; undefined where its log can't be read. */
  engineLog(): Promise<string | undefined>;
  /** Why the lab's engine does not answer; undefined if it does. */
  engineUnreachable(): Promise<string | undefined>;
  /** The command that removes what `--keep` leaves. */
  readonly removeCommand: string;
  /** The command that opens a shell in what `--keep` leaves. */
  shellCommand(drill: string): Promise<string>;
}

export interface RunOptions {
  /** The drill's own report directory. */
  readonly dir: string;
  readonly seed: string;
  readonly size: Size;
  readonly keep: boolean;
  /** Of the nodes of drills whose plan names none. */
  readonly engineVersion?: EngineVersion | undefined;
  /** Override the plan's own. */
  readonly objectives: Objectives;
  /** Ends the drill early, with logs, clean-up and report. */
  readonly signal: AbortSignal;
  /** The command that runs this drill again. */
  readonly rerunCommand: string;
  /** Set if this run has only a part of the selected drills. */
  readonly shard?: ShardFact | undefined;
  /** The other drills on this machine; missing where they are not known. */
  readonly others?: OtherDrills | undefined;
}

/** The drills that run on the same machine while this one runs: their load is part of what is measured. */
export interface OtherDrills {
  /** Calls `listener` with their names now, and whenever that changes. */
  subscribe(listener: (names: readonly string[]) => void): Disposable;
}

/** What every phase of one run shares. */
export interface RunContext {
  readonly drill: Drill;
  readonly runtime: Runtime;
  readonly options: RunOptions;
  readonly journal: Journal;
  readonly scope: Scope;
  /** The phase that runs now. */
  phase: Phase;
  site: Site | undefined;
  /** Names of the nodes whose logs are in the journal already. */
  readonly logged: Set<string>;
  /** Known causes that are in the journal already. */
  readonly named: Set<string>;
}
