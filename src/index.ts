// The one public door: what drills and workloads are written with.
export type { AspectSeen, Check, Observation } from './model/check.ts';
export { compareFiles, type Comparison } from './check/compare-files.ts';
export type { Entry } from './check/entry.ts';
export { readManifest, sameFiles, type Manifest } from './check/files.ts';
export { differencesOf, sameInventory } from './check/inventory.ts';
export { managersReachable, survivesLossOfLeader } from './check/managers.ts';
export { mountedBytes, sameMountedBytes } from './check/mounted.ts';
export { routingMesh } from './check/routing-mesh.ts';
export { tasksReallyRun } from './check/tasks.ts';
export type { Aftermath, ProofRow } from './model/disaster.ts';
export { everyNode } from './disaster/every-node.ts';
export { drill } from './drill/drill.ts';
export type { Application, Drill, Plan, Restored, Seeded, Size, Subject } from './drill/plan.ts';
export { borg } from './method/volume/borg.ts';
export { companion } from './method/volume/companion.ts';
export { dockerCp, dockerCpStopped } from './method/volume/docker-cp.ts';
export type { Method } from './model/method.ts';
export { withServicesStopped, withVolumeUnused } from './method/container/stop-services.ts';
export { evictAndEmptyVolume } from './method/container/evict.ts';
export { restic, resticS3 } from './method/volume/restic.ts';
export { rsyncArchive, rsyncFull } from './method/volume/rsync.ts';
export * from './model/aspect.ts';
export { collect, exec, finish, start, type Docker, type Running } from './lab/engine.ts';
export type { ImageRecipe } from './lab/lab.ts';
export {
  gitStack,
  gitStackAtVault,
  type Redeployed,
  type StackSource,
  type StackTarget,
} from './method/stack/git-stack/git-stack.ts';
export { measurePackAndUnpack } from './method/volume/baseline-timing.ts';
export { postgresDump } from './method/postgres/dump.ts';
export type { PostgresService } from './method/postgres/service.ts';
export { postgresPhysical } from './method/postgres/physical.ts';
export {
  pointInTime,
  postgresPointInTime,
  type PointInTime,
  type Recovered,
} from './method/postgres/point-in-time.ts';
export { postgresWal, walPosition, type PostgresArchive } from './method/postgres/wal-archive.ts';
export {
  createAgeIdentity as newIdentity,
  sealSecrets as seal,
  unsealSecrets as unseal,
  type SealedSecrets,
  type SecretValues,
} from './method/stack/sealed-secrets.ts';
export { readSecretsInTasks as secretsInTasks } from './method/stack/secrets-in-tasks.ts';
export {
  serviceExport,
  type RebuiltServices as Rebuilt,
  type RebuildTarget,
} from './method/stack/service-export/service-export.ts';
export { swarmState, swarmStateHot } from './method/swarm/swarm-state.ts';
export { valkeyAof } from './method/valkey/aof.ts';
export { valkeyRdb } from './method/valkey/rdb.ts';
export type { KeyValueServer } from './method/valkey/client.ts';
export { keyValueServer, type KeyValueService } from './method/valkey/server.ts';
export type { Kept, Vault } from './vault/vault.ts';
export { volumeArchive, type Volume } from './method/volume/volume-archive.ts';
export {
  installVolumePlugin,
  SNAPSHOT_DRIVER,
  volumePlugin,
  volumePluginStopped,
} from './method/volume/volume-plugin/volume-plugin.ts';
export { run } from './support/command.ts';
export { minutes, seconds, type Seconds } from './support/clock.ts';
export { DrillError, finding, reasonOf } from './support/errors.ts';
export { waitUntil } from './support/poll.ts';
export { step } from './support/trace.ts';
export type { Inventory, InventoryKind, Objects } from './swarm/inventory.ts';
export type { Node } from './swarm/node.ts';
export type { Site } from './swarm/site.ts';
export type { Swarm } from './swarm/swarm.ts';
