// What holds for every method: its name in a report, its metadata, its limits on its page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { ArtifactReader, Method } from '../model/method.ts';
import * as methods from './methods.ts';

type AnyMethod = Method<never, never, unknown>;

/** Each method with each of its options: its name in a report, its page in docs/methods. */
const METHODS = [
  { name: 'volume archive', page: 'volume-archive', method: methods.volumeArchive() },
  { name: 'docker cp', page: 'docker-cp', method: methods.dockerCp() },
  { name: 'docker cp, while stopped', page: 'docker-cp', method: methods.dockerCp({ whileStopped: true }) },
  { name: 'rsync', page: 'rsync', method: methods.rsync() },
  { name: 'rsync, preserve all', page: 'rsync', method: methods.rsync({ preserve: 'all' }) },
  { name: 'restic', page: 'restic', method: methods.restic() },
  { name: 'restic, via s3', page: 'restic', method: methods.restic({ via: 's3' }) },
  { name: 'borg', page: 'borg', method: methods.borg() },
  { name: 'volume companion', page: 'volume-companion', method: methods.volumeCompanion() },
  { name: 'volume plugin', page: 'volume-plugin', method: methods.volumePlugin() },
  { name: 'postgres dump', page: 'postgres-dump', method: methods.postgresDump() },
  { name: 'postgres base backup', page: 'postgres-base-backup', method: methods.postgresBaseBackup() },
  { name: 'postgres point in time', page: 'postgres-point-in-time', method: methods.postgresPointInTime() },
  { name: 'postgres wal archive', page: 'postgres-point-in-time', method: methods.postgresWalArchive() },
  { name: 'valkey rdb', page: 'valkey-rdb', method: methods.valkeyRdb() },
  { name: 'valkey aof', page: 'valkey-aof', method: methods.valkeyAof() },
  { name: 'git stack', page: 'git-stack', method: methods.gitStack() },
  { name: 'git stack, remote vault', page: 'git-stack', method: methods.gitStack({ remote: 'vault' }) },
  { name: 'service export', page: 'service-export', method: methods.serviceExport() },
] as unknown as readonly { name: string; page: string; method: AnyMethod }[];

const PAGES = join(import.meta.dirname, '../../docs/methods');

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

const DOCUMENTED = METHODS.filter(({ page }) => /^(postgres|valkey)-/.test(page));

test.for(DOCUMENTED)('lists every limit on its page: $name', ({ method, page }) => {
  const text = readFileSync(join(PAGES, `${page}.md`), 'utf8');
  expect(method.limits.filter((limit) => !text.includes(`\n- ${limit}\n`))).toEqual([]);
});
