// The backup methods that a drill author can choose from, each a function that returns a `Method` for `vault.keep`. Options change
// how a method works; the defaults add nothing to its name in the report.
import type { Method } from '../model/method.ts';
import type { Volume } from './container/volume.ts';
import { borg as borgMethod } from './volume/borg.ts';
import { companion } from './volume/companion.ts';
import { dockerCp as dockerCpRunning, dockerCpStopped } from './volume/docker-cp.ts';
import { restic as resticSsh, resticS3 } from './volume/restic.ts';
import { rsyncArchive, rsyncFull } from './volume/rsync.ts';
import { volumeArchive as volumeArchiveMethod } from './volume/volume-archive.ts';
import {
  volumePlugin as volumePluginRunning,
  volumePluginStopped,
} from './volume/volume-plugin/volume-plugin.ts';
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

type VolumeMethod = Method<Volume, Volume, void>;

/** Archives a volume with GNU tar in a helper container; keeps everything but sockets. */
export const volumeArchive = (): VolumeMethod => volumeArchiveMethod;

/** Copies a volume with the engine's archive call (`docker cp -a`), with the services that use it stopped if asked. */
export const dockerCp = ({ whileStopped = false }: { readonly whileStopped?: boolean } = {}): VolumeMethod =>
  whileStopped ? dockerCpStopped : dockerCpRunning;

/** Copies a volume to the vault with rsync: `basic` is `rsync -a`, `all` also keeps links, attributes, ACLs and holes. */
export const rsync = ({ preserve = 'basic' }: { readonly preserve?: 'basic' | 'all' } = {}): VolumeMethod =>
  preserve === 'all' ? rsyncFull : rsyncArchive;

/** Archives a volume with the backup companion (offen/docker-volume-backup), which stops the services that carry its label. */
export const volumeCompanion = (): VolumeMethod => companion;

/** Backs a volume up into a restic repository at the vault, over ssh or in its object store. */
export const restic = ({ via = 'ssh' }: { readonly via?: 'ssh' | 's3' } = {}): VolumeMethod =>
  via === 's3' ? resticS3 : resticSsh;

/** Backs a volume up into a borg repository at the vault. */
export const borg = (): VolumeMethod => borgMethod;

/** Archives a snapshot that the volume's own plugin makes, with the services that use it stopped if asked. */
export const volumePlugin = ({
  whileStopped = false,
}: { readonly whileStopped?: boolean } = {}): VolumeMethod =>
  whileStopped ? volumePluginStopped : volumePluginRunning;

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
