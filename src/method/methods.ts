// The backup methods that a drill author can choose from, each a function that returns a `Method` for `vault.keep`. Options change
// how a method works; the defaults add nothing to its name in the report.
export { postgresBaseBackup } from './postgres/base-backup.ts';
export { postgresDump } from './postgres/dump.ts';
export { postgresPointInTime } from './postgres/point-in-time.ts';
export { postgresWalArchive } from './postgres/wal-archive.ts';
export { valkeyAof } from './valkey/aof.ts';
export { valkeyRdb } from './valkey/rdb.ts';

export { borg } from './volume/borg.ts';
export { dockerCp } from './volume/docker-cp.ts';
export { restic } from './volume/restic.ts';
export { rsync } from './volume/rsync.ts';
export { volumeArchive } from './volume/volume-archive.ts';
export { volumeCompanion } from './volume/volume-companion.ts';
export { volumePlugin } from './volume/volume-plugin.ts';

export { gitStack } from './stack/git-stack/git-stack.ts';
export { serviceExport } from './stack/service-export/service-export.ts';
export { swarmState } from './swarm/swarm-state.ts';
