// A drill as its author writes it: typed functions in the order in which they run. The runner is responsible for order, clocks,
// journal and clean-up; the author for what happens. Phases out of order, a typo in `kept`, or the baseline used in `restore` don't
// compile.
import type { Check } from '../model/check.ts';
import type { Aftermath } from '../model/disaster.ts';
import type { Method } from '../model/method.ts';
import type { Kept, Vault, VaultOptions } from '../vault/vault.ts';
import type { Tag } from './tags.ts';
import type { Aspect } from '../model/aspect.ts';
import type { EngineVersion } from '../lab/image/engine-versions.ts';
import type { ImageRecipe } from '../lab/lab.ts';
import type { Seconds } from '../support/clock.ts';
import type { Inventory } from '../swarm/inventory.ts';
import type { AddressPool } from '../swarm/membership.ts';
import type { Site } from '../swarm/site.ts';
import type { Swarm, Topology } from '../swarm/swarm.ts';

/** The workload as its users see it. With these two functions the runner measures RTA, RPA and lost writes. */
export interface Application {
  /** Writes one record under `id`; returns only when the workload has acknowledged it. */
  write(id: string): Promise<void>;
  /** Which of `ids` are there, in any order. */
  present(ids: readonly string[]): Promise<readonly string[]>;
}

/** How much data a workload seeds. */
export type Size = 'small' | 'medium' | 'large';
export const SIZES: readonly Size[] = ['small', 'medium', 'large'];

/** What the recovery is measured against; an objective that is missing is not checked. */
export interface Objectives {
  /** Longest time from the disaster to the first answered application request. */
  readonly rto?: Seconds;
  /** Longest time before the disaster whose acknowledged writes may be lost. */
  readonly rpo?: Seconds;
}

/** What `seed` returns; a drill adds its own fields. */
export interface Seeded {
  readonly app: Application;
  /** Random text that was seeded in plain, in addition to the sentinels: searched for in the vault, where it must not be found. */
  readonly canaries?: readonly string[];
}

/** What `restore` returns; a drill adds its own fields. */
export interface Restored extends Seeded {
  readonly swarm: Swarm;
}

/** What a drill compares with the other drills of its run: a row of the run's matrix. */
export interface Subject {
  /** What is backed up, e.g. `volumes`; the rows of one kind are one table. */
  readonly of: string;
  /** The row's columns: the aspects that this method is responsible for. Other aspects that the drill's checks see don't count for it. */
  readonly aspects: readonly Aspect[];
  readonly method: Pick<Method<never, never, unknown>, 'name' | 'loses' | 'limits'>;
  /** Methods that this one does not work without: their time and bytes count in its row. Default none. */
  readonly requires?: readonly Pick<Method<never, never, unknown>, 'name'>[];
}

/** How long tar piped to zstd takes for the same data. */
export interface BaselineTiming {
  /** Of the unpacked tar. */
  readonly bytes: number;
  /** To pack it. */
  readonly seconds: number;
  readonly unpackSeconds: number;
}

export type Artifacts = Readonly<Record<string, Kept<unknown, unknown>>>;

/** The functions of a drill and what it needs. W is what `seed` returns, B `baseline`, K `backup`, S what survives the disaster, R `restore`. */
export interface Plan<
  W extends Seeded = Seeded,
  B = unknown,
  K extends Artifacts = Artifacts,
  S = unknown,
  R extends Restored = Restored,
> {
  /** Names one of several drills of a file: `<file>.<variant>`. */
  readonly variant?: string;
  /** How often it is meant to run: one or several of `smoke`, `nightly` and `weekly`. Default `['nightly']`. */
  readonly tags?: readonly Tag[];
  /** Why no other drill may run on its machine at the same time, e.g. `it moves the clock of the machine`. Default: others may. */
  readonly runsAlone?: string;
  readonly subject?: Subject;
  /** The kind of failure in plain words, e.g. `loss of every node`: drills of one kind are compared. Default: the drill's title. */
  readonly failure?: string;
  readonly topology: Topology;
  readonly objectives: Objectives;
  /** Where the swarm takes the subnets of its overlay networks from. Default: Docker's own pool, 10.0.0.0/8. */
  readonly addressPool?: AddressPool;
  /** Engine version of the nodes. Default: the one given with --engine-version, else the lab's own. */
  readonly engineVersion?: EngineVersion;
  /** Engine versions of nodes that the drill starts through `site.withEngineVersion`. Default none. */
  readonly otherEngineVersions?: readonly EngineVersion[];
  /** Images that the drill needs, in addition to those that nodes and helpers run: only these are pulled or built. Default none. */
  readonly images?: readonly ImageRecipe[];
  /** What the vault offers in addition to ssh. Default nothing. */
  readonly vault?: Pick<VaultOptions, 'objectStore'> | undefined;
  /** How long the restored application may take until it answers. Default 3 minutes. */
  readonly firstResponseLimit?: Seconds;
  /**
   * What the restored workload should have: `backup`, everything that was acknowledged before the backup and nothing after it; or
   * `latest`, everything acknowledged, since the data itself was not lost. Default `backup`.
   */
  readonly recoveryPoint?: 'backup' | 'latest';
  /**
   * Keeps writing from the end of `drift` until some seconds after the first response, and measures how long the workload was
   * unavailable. Until `restore` returns, writes go through the seeded application, or after the disaster through what `through`
   * returns: an application that also knows the nodes that a recovery adds to the surviving swarm. Default: no such writes.
   */
  readonly continuousWrites?: true | { readonly through: (survivors: S) => Application } | undefined;
  /** Deploys the workload and fills it from `seed`: the same seed gives the same data. */
  readonly seed: (context: {
    readonly swarm: Swarm;
    readonly seed: string;
    readonly size: Size;
  }) => Promise<W>;
  /**
   * Records what `verify` compares with, just before the backup, in addition to the inventory. The early writes and the first
   * sentinel exist already. Default: the inventory only.
   */
  readonly baseline?: ((context: { readonly swarm: Swarm; readonly seeded: W }) => Promise<B>) | undefined;
  /** Measured by the harness just before the backup, e.g. with `measurePackAndUnpack`: what the methods' speed is compared with. */
  readonly baselineTiming?: ((context: { readonly seeded: W }) => Promise<BaselineTiming>) | undefined;
  readonly backup: (context: {
    readonly swarm: Swarm;
    readonly seeded: W;
    readonly vault: Vault;
  }) => Promise<K>;
  /** Lets the workload run on after the backup. `write(n)` makes n acknowledged writes; the runner adds the second sentinel. */
  readonly drift: (context: {
    readonly swarm: Swarm;
    readonly seeded: W;
    readonly write: (count: number) => Promise<void>;
  }) => Promise<void>;
  /** Destroys something, and returns proof of it. `restore` gets of the swarm only what survives. */
  readonly disaster: (context: { readonly swarm: Swarm }) => Promise<Aftermath<S>>;
  /** Returns checks of what survived, run before the restore. */
  readonly outage?:
    | ((context: {
        readonly survivors: S;
        readonly baseline: B & { readonly inventory: Inventory };
      }) => readonly Check[])
    | undefined;
  /** Restores from the vault. Sees the empty site, the backups and what survived, and nothing else. */
  readonly restore: (context: { readonly site: Site; readonly kept: K; readonly survivors: S }) => Promise<R>;
  readonly verify: (context: {
    readonly restored: R;
    readonly baseline: B & { readonly inventory: Inventory };
  }) => readonly Check[];
}

/** A plan with its name, which comes from its file, and its title. */
export interface Drill {
  readonly name: string;
  readonly title: string;
  /** Absolute path of the drill's file. */
  readonly file: string;
  readonly plan: Plan;
}
