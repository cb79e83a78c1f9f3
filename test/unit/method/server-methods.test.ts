// What the methods that need a running server refuse.
import { expect, test } from 'vitest';
import { createInMemorySwarm, InMemoryArtifact } from '../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../support/method-lab.ts';
import * as methods from '../../../src/method/methods.ts';

const METHODS = [
  methods.postgresDump(),
  methods.postgresBaseBackup(),
  methods.postgresPointInTime(),
  methods.postgresWalArchive(),
  methods.valkeyRdb(),
  methods.valkeyAof(),
];

const SERVICE = { service: 'server', user: 'owner', database: 'postgres', archive: '/archive' };

test.for(METHODS)('refuses to back up a service that does not run: $name', async (method) => {
  const { swarm, startService } = createInMemorySwarm();
  await startService('server', 'data', { Replicated: { Replicas: 0 } });
  const artifact = new InMemoryArtifact();
  expect(await failureOf(method.backup({ swarm, ...SERVICE }, artifact.writer))).toMatchObject({
    ...finding('not-running'),
    message: expect.stringContaining('server'),
  });
  expect([...artifact.files]).toEqual([]);
});

test('refuses to restore a dump into a service that does not run', async () => {
  const { swarm } = createInMemorySwarm();
  const artifact = new InMemoryArtifact().reader({
    service: 'server',
    database: 'postgres',
    version: 170_000,
    locale: { encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'c', locale: '', rules: '' },
    tables: {},
    largeObjects: 0,
  });
  const restore = methods.postgresDump().restore(artifact, { swarm, ...SERVICE });
  expect(await failureOf(restore)).toMatchObject(finding('not-running'));
});
