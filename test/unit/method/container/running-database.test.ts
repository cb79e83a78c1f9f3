// A volume with the data of a server that runs is refused, by every method that copies it in that state.
import { beforeEach, expect, test } from 'vitest';
import { dockerCp } from '../../../../src/method/methods.ts';
import { refuseRunningDatabase } from '../../../../src/method/container/running-database.ts';
import {
  createInMemorySwarm,
  InMemoryArtifact,
  type InMemorySwarm,
} from '../../../support/in-memory-swarm.ts';
import { failureOf } from '../../../support/method-lab.ts';

let lab: InMemorySwarm;
beforeEach(() => {
  lab = createInMemorySwarm();
  lab.engine.fill('data', { PG_VERSION: '17', 'postmaster.pid': '1' });
  lab.engine.fill('files', { a: 'first' });
});

test('refuses the data directory of a running server, and stores nothing', async () => {
  await lab.startService('database', 'data');
  const artifact = new InMemoryArtifact();
  const failure = await failureOf(dockerCp().backup(lab.volume('data'), artifact.writer));
  expect(failure).toMatchObject({
    blame: 'finding',
    code: 'database-running',
    hint: expect.stringContaining('postgresBaseBackup'),
  });
  expect(artifact.files.size).toBe(0);
});

test('copies it while the server is stopped', async () => {
  await lab.startService('database', 'data');
  const metadata = await dockerCp({ whileStopped: true }).backup(
    lab.volume('data'),
    new InMemoryArtifact().writer,
  );
  expect(metadata).toMatchObject({ contents: { entries: 2 } });
});

test('accepts what a crashed server left, and files that a service uses', async () => {
  await refuseRunningDatabase(lab.volume('data'));
  await lab.startService('web', 'files');
  await refuseRunningDatabase(lab.volume('files'));
});
