// What holds for every method: its name in a report, and that its metadata is validated.
import { expect, test, vi } from 'vitest';
import type { ArtifactReader, Method } from '../../../src/model/method.ts';
import * as methods from '../../../src/method/methods.ts';

type AnyMethod = Method<never, never, unknown>;

/** Each method with each of its options: its name in a report. */
const METHODS = [
  { name: 'volume archive', method: methods.volumeArchive() },
  { name: 'docker cp', method: methods.dockerCp() },
  { name: 'docker cp, while stopped', method: methods.dockerCp({ whileStopped: true }) },
  { name: 'rsync', method: methods.rsync() },
  { name: 'rsync, preserve all', method: methods.rsync({ preserve: 'all' }) },
  { name: 'restic', method: methods.restic() },
  { name: 'restic, via s3', method: methods.restic({ via: 's3' }) },
  { name: 'borg', method: methods.borg() },
  { name: 'volume companion', method: methods.volumeCompanion() },
  { name: 'volume plugin', method: methods.volumePlugin() },
  { name: 'volume plugin, while stopped', method: methods.volumePlugin({ whileStopped: true }) },
  { name: 'postgres dump', method: methods.postgresDump() },
  { name: 'postgres base backup', method: methods.postgresBaseBackup() },
  { name: 'postgres point in time', method: methods.postgresPointInTime() },
  { name: 'postgres wal archive', method: methods.postgresWalArchive() },
  { name: 'valkey rdb', method: methods.valkeyRdb() },
  { name: 'valkey aof', method: methods.valkeyAof() },
  { name: 'git stack', method: methods.gitStack() },
  { name: 'git stack, remote vault', method: methods.gitStack({ remote: 'vault' }) },
  { name: 'service export', method: methods.serviceExport() },
  { name: 'swarm state', method: methods.swarmState() },
  { name: 'swarm state, hot', method: methods.swarmState({ hot: true }) },
] as unknown as readonly { name: string; method: AnyMethod }[];

test.for(METHODS)('is named like its function and options: $name', ({ method, name }) => {
  expect(method.name).toBe(name);
});

test.for(METHODS)('refuses damaged metadata before it touches anything: $name', async ({ method }) => {
  const touched = vi.fn();
  const untouchable = new Proxy({}, { get: (_, property) => touched(property) as unknown });
  const { restore } = method as unknown as {
    restore: (from: ArtifactReader, target: object) => Promise<void>;
  };
  const artifact = Object.assign(Object.create(null), {
    metadata: null,
    open: touched,
    pipeTo: touched,
    account: touched,
  }) as unknown as ArtifactReader;
  await expect(restore(artifact, untouchable)).rejects.toMatchObject({
    name: 'DrillError',
    blame: 'finding',
    code: 'metadata-damaged',
  });
  expect(touched).not.toHaveBeenCalled();
});
