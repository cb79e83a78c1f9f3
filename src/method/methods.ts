// The backup methods that a drill author can choose from, each a function that returns a `Method` for `vault.keep`. Options change
// how a method works; the defaults add nothing to its name in the report.
import type { Method } from '../model/method.ts';
import {
  gitStack as gitStackMethod,
  gitStackAtVault,
  type Redeployed,
  type StackSource,
  type StackTarget,
} from './stack/git-stack/git-stack.ts';
import { serviceExport as serviceExportMethod } from './stack/service-export/service-export.ts';
import { swarmState as swarmStateStopped, swarmStateHot } from './swarm/swarm-state.ts';

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
export { volumeCompanion } from './volume/companion.ts';
export { volumePlugin } from './volume/volume-plugin.ts';

/** Records the commit that a stack was deployed from; the work tree's own remote or a repository at the vault keeps it. */
export function gitStack(): Method<StackSource, StackTarget, Redeployed>;
export function gitStack(options: {
  readonly remote: 'vault';
}): Method<Omit<StackSource, 'remote'>, StackTarget, Redeployed>;
export function gitStack(options?: { readonly remote: 'vault' }) {
  return options ? gitStackAtVault : gitStackMethod;
}

/** Exports the definition of every service with what it needs, to create them again on a new swarm. */
export const serviceExport = () => serviceExportMethod;

/** Copies a manager's `/var/lib/docker/swarm`: with its engine stopped, or `hot`, while it runs. */
export const swarmState = ({ hot = false }: { readonly hot?: boolean } = {}) =>
  hot ? swarmStateHot : swarmStateStopped;
