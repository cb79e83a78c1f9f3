// Every backup method on the same data, each in a separate drill: back up, destroy every node, restore into a new swarm, check
// everything. The run's page compares what each method restored, what it lost, and how long it took.
import { drill, methods } from 'swarm-drill';
import { companionImage } from '../fixtures/images/recipes.ts';
import { gitStackRow, serviceExportRow, swarmStateRow } from '../fixtures/matrix/definitions.ts';
import { planOf } from '../fixtures/matrix/plan.ts';
import { baseBackupRow, pointInTimeRow, postgresRow, valkeyRow } from '../fixtures/matrix/servers.ts';
import { volumeRow } from '../fixtures/matrix/volumes.ts';
import { installSnapshotPlugin, SNAPSHOT_DRIVER } from '../fixtures/volume-plugin/install.ts';

/** Without this label the companion stops no service. */
const STOPPED_BY_COMPANION = { 'docker-volume-backup.stop-during-backup': 'true' };
const pluginVolumes = { stack: { driver: SNAPSHOT_DRIVER }, prepareNode: installSnapshotPlugin };

const rows = [
  volumeRow('volume-archive', methods.volumeArchive()),
  volumeRow('docker-cp', methods.dockerCp()),
  volumeRow('docker-cp-stopped', methods.dockerCp({ whileStopped: true }), { stopsServices: true }),
  volumeRow('rsync-a', methods.rsync(), { twice: true }),
  volumeRow('rsync-full', methods.rsync({ preserve: 'all' }), { twice: true }),
  volumeRow('companion', methods.volumeCompanion(), {
    stopsServices: true,
    images: [companionImage],
    stack: { labels: STOPPED_BY_COMPANION },
  }),
  volumeRow('restic', methods.restic(), { twice: true }),
  volumeRow('restic-s3', methods.restic({ via: 's3' }), { twice: true, vault: { objectStore: true } }),
  volumeRow('borg', methods.borg(), { twice: true }),
  volumeRow('volume-plugin', methods.volumePlugin(), pluginVolumes),
  volumeRow('volume-plugin-stopped', methods.volumePlugin({ whileStopped: true }), {
    ...pluginVolumes,
    stopsServices: true,
  }),
  postgresRow('pg-dump', methods.postgresDump()),
  baseBackupRow('pg-basebackup'),
  pointInTimeRow('pg-point-in-time'),
  valkeyRow('valkey-rdb', methods.valkeyRdb()),
  valkeyRow('valkey-aof', methods.valkeyAof()),
  swarmStateRow('swarm-state', methods.swarmState()),
  swarmStateRow('swarm-state-hot', methods.swarmState({ hot: true })),
  serviceExportRow('service-export'),
  gitStackRow('git-stack', methods.gitStack()),
  gitStackRow('git-stack-at-vault', methods.gitStack({ remote: 'vault' })),
];

for (const row of rows) {
  const { of, method } = row.subject;
  drill(`${of} by ${method.name}: restored after the loss of every node`, planOf(row));
}
