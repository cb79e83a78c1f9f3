// The one public door: what drills and workloads are written with.
export type { AspectSeen, Check, Observation } from './check/check.ts';
export { compareFiles, type Comparison } from './check/compare-files.ts';
export type { Entry } from './check/entry.ts';
export { readManifest, sameFiles, type Manifest } from './check/files.ts';
export { differencesOf, sameInventory } from './check/inventory.ts';
export { managersReachable, survivesLossOfLeader } from './check/managers.ts';
export { mountedBytes, sameMountedBytes } from './check/mounted.ts';
export { routingMesh } from './check/routing-mesh.ts';
export { tasksReallyRun } from './check/tasks.ts';
export type { Aftermath, ProofRow } from './disaster/disaster.ts';
export { everyNode } from './disaster/every-node.ts';
export { drill } from './drill/drill.ts';
export type { Application, Drill, Plan, Restored, Seeded, Size, Subject } from './drill/plan.ts';
export { borg } from './method/borg.ts';
export { companion } from './method/companion.ts';
export { dockerCp, dockerCpStopped } from './method/docker-cp.ts';
export type { Method } from './method/method.ts';
export { whileStopped, whileUnused } from './method/pause.ts';
export { vacate } from './method/vacate.ts';
export { restic, resticS3 } from './method/restic.ts';
export { rsyncArchive, rsyncFull } from './method/rsync.ts';
export * from './support/aspects.ts';
export { collect, exec, finish, start, type Docker, type Running } from './lab/engine.ts';
export type { ImageRecipe } from './lab/lab.ts';
export {
  gitStack,
  gitStackAtVault,
  type Redeployed,
  type StackSource,
  type StackTarget,
} from './method/git-stack.ts';
export { tarAndZstd } from './method/plain.ts';
export { postgresDump } from './method/postgres-dump.ts';
export type { PostgresService } from './method/postgres-service.ts';
export { postgresPhysical } from './method/postgres-physical.ts';
export {
  pointInTime,
  postgresPointInTime,
  type PointInTime,
  type Recovered,
} from './method/postgres-pitr.ts';
export { postgresWal, walPosition, type PostgresArchive } from './method/postgres-wal.ts';
export { newIdentity, seal, unseal, type SealedSecrets, type SecretValues } from './method/sealed-secrets.ts';
export { secretsInTasks } from './method/secrets-in-tasks.ts';
export { serviceExport, type Rebuilt, type RebuildTarget } from './method/service-export.ts';
export { swarmState, swarmStateHot } from './method/swarm-state.ts';
export { valkeyAof } from './method/valkey-aof.ts';
export { valkeyRdb } from './method/valkey-rdb.ts';
export type { KeyValueServer } from './method/valkey-client.ts';
export { keyValueServer, type KeyValueService } from './method/valkey-server.ts';
export type { Kept, Vault } from './method/vault/vault.ts';
export { volumeArchive, type Volume } from './method/volume-archive.ts';
export {
  installVolumePlugin,
  SNAPSHOT_DRIVER,
  volumePlugin,
  volumePluginStopped,
} from './method/volume-plugin.ts';
export { run } from './support/command.ts';
export { minutes, seconds, type Seconds } from './support/clock.ts';
export { DrillError, finding, reasonOf } from './support/errors.ts';
export { waitUntil } from './support/poll.ts';
export { step } from './support/trace.ts';
export type { Inventory, InventoryKind, Objects } from './swarm/inventory.ts';
export type { Node } from './swarm/node.ts';
export type { Site } from './swarm/site.ts';
export type { Swarm } from './swarm/swarm.ts';
