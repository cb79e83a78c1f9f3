// The public API of workload authors: `import { step, waitUntil, … } from 'swarm-drill/workload'`.
// A workload deploys a stack, fills it from a seed, reads its own data back and brings checks for it.

// Run programs, and wait with a reason.
export { outputOf, type ContainerProcess } from './lab/engine/process.ts';
export { runProgram } from './support/command.ts';
export { waitUntil } from './support/poll.ts';
export { currentSignal, step, typed } from './support/trace.ts';
export { orAborted } from './support/abort.ts';

/** Compose files may need what only newer CLIs know. */
export { readCliVersion } from './swarm/docker-cli.ts';

// Report what is wrong.
export { DrillError, finding, reasonOf } from './support/errors.ts';

// Compare.
export { compareFiles, type Comparison } from './check/files/compare-files.ts';
export type { Entry } from './check/files/entry.ts';
export type { FileManifest } from './check/files/manifest.ts';
export { differencesBetween } from './check/inventory.ts';
export { readDatabaseObjects, type DatabaseObjects } from './check/postgres/catalog.ts';
export { compareDatabases, type DatabaseDifferences } from './check/postgres/compare.ts';
export { CATALOG_LIMITS, NOT_COMPARED } from './check/postgres/not-compared.ts';
export { STABLE_SESSION, type SqlQuery } from './check/postgres/session.ts';
export {
  DATABASE_ASPECTS,
  DEFINITION_ASPECTS,
  FILE_ASPECTS,
  KEY_VALUE_ASPECTS,
  STORAGE_ASPECTS,
} from './model/aspect.ts';
export type { InventoryKind, Objects } from './swarm/inventory.ts';

// Volumes and images.
export type { ImageRecipe } from './lab/lab.ts';
export { measurePackAndUnpack } from './method/volume/baseline-timing.ts';
export { evictAndEmptyVolume } from './method/container/evict.ts';
export { withServicesStopped } from './method/container/stop-services.ts';
export type { Volume } from './method/container/volume.ts';

// Databases, key-value servers and secrets, as the methods see them.
export type { PostgresService } from './method/postgres/service.ts';
export {
  combineWithWal,
  type PointInTimeResult,
  type PointInTimeTarget,
} from './method/postgres/point-in-time.ts';
export { readWalPosition, type PostgresArchive, type RestoredWal } from './method/postgres/wal-archive.ts';
export type { KeyValueClient } from './method/valkey/client.ts';
export { openKeyValueClient, type KeyValueService } from './method/valkey/service.ts';
export type { RedeployedStack, StackSource, StackTarget } from './method/stack/git-stack/git-stack.ts';
export type { RebuildTarget, RebuiltServices } from './method/stack/service-export/service-export.ts';
export {
  createAgeIdentity,
  sealSecrets,
  type SealedSecrets,
  type SecretValues,
} from './method/stack/sealed-secrets.ts';
export { readSecretsInTasks } from './method/stack/secrets-in-tasks.ts';
