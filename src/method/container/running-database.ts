// A copy of the files of a database that runs comes from different moments: the server starts on it without an error, and has half of some
// transactions. https://www.postgresql.org/docs/current/backup-file.html
import { finding } from '../../support/errors.ts';
import { outputOrThrow } from './sidecar.ts';
import { containerName, listVolumeUsers, runAsRoot, type Volume } from './volume.ts';

/** Images put the data directory at the root of the volume, or one or two below it: `18/docker`. */
const DEPTH = 4;

/**
 * Refuses a volume with the data directory of a Postgres server that runs. After a crash the server's pid file stays, so a container has
 * to run, too. Other databases don't show in their files whether they run.
 * @throws DrillError `database-running`
 */
export async function refuseRunningDatabase(volume: Volume): Promise<void> {
  const { node, name } = volume;
  const users = (await listVolumeUsers(volume)).filter(({ State }) => State === 'running');
  if (users.length === 0) return;
  const argv = ['find', '/volume', '-maxdepth', String(DEPTH), '-name', 'postmaster.pid', '-print', '-quit'];
  const found = await runAsRoot(volume, '/volume:ro', argv);
  if (outputOrThrow('find', node, 'volume-unreadable', found) === '') return;
  throw finding(
    `volume ${name}: is the data directory of a Postgres server that runs (${users.map(containerName).join(', ')}), and a copy of its files would be torn`,
    {
      code: 'database-running',
      node: node.name,
      hint: 'Use `postgresBaseBackup` or `postgresDump`, or stop the service while the volume is copied.',
    },
  );
}
