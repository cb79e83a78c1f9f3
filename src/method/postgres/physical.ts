// Postgres as a copy of the whole server: pg_basebackup while it runs, with the WAL that makes the copy consistent.
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { keepBase, unpackBase } from './base-backup.ts';
import type { PostgresService } from './service.ts';
import type { Volume } from '../container/volume.ts';

/** Restored into the volume that the service is going to use, before a label lets it start there. */
export const postgresPhysical: Method<PostgresService, Volume, void> = {
  name: 'pg_basebackup',
  cannotHold: [
    'anything written after the backup ended',
    'unlogged tables (they come back empty), replication slots, and tablespaces outside of the data directory (refused)',
    'another major version of Postgres or another processor architecture',
  ],

  loses: [],

  backup: keepBase,

  restore: (artifact, volume) =>
    restoreIntoEmptyVolume(volume, artifact.metadata, () => unpackBase(artifact, volume)),
};
