// The public API of drill authors: `import { drill, checks, methods, disasters, seconds } from 'swarm-drill'`.
// What is needed to write a workload is in the second entry, `swarm-drill/workload`.

export { drill } from './drill/drill.ts';
/** What is recorded before the backup, for checks to compare with. */
export * as baselines from './check/baselines.ts';
/** What is compared after the restore. */
export * as checks from './check/checks.ts';
/** The failures, each with proof of what it destroyed. */
export * as disasters from './disaster/disasters.ts';
/** The backup methods, for `vault.keep`. */
export * as methods from './method/methods.ts';
/** What helps a swarm that lost some of its nodes. */
export * as recoveries from './recovery/recoveries.ts';
export { minutes, seconds, type Seconds } from './support/clock.ts';

export type { EngineVersion } from './lab/image/engine-versions.ts';
export type { Inventory } from './swarm/inventory.ts';
export type { Node } from './swarm/node/node.ts';
export type { Site } from './swarm/site.ts';
export { Swarm, type Topology } from './swarm/swarm.ts';
export type { Kept, Vault } from './vault/vault.ts';
export type { Aspect } from './model/aspect.ts';
export type { AspectSeen, Check, Observation } from './model/check.ts';
export type { Aftermath, ProofRow, Reversible } from './model/disaster.ts';
export type { Method } from './model/method.ts';
export type { Application, Drill, Plan, Restored, Seeded, Size, Subject } from './drill/plan.ts';
