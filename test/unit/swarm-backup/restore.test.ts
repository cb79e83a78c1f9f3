// A restore reads the whole file before it asks the engine anything: a copy that no engine can use changes nothing.
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Engine } from '../../../src/lab/engine/engine.ts';
import { localDataRoot } from '../../../src/swarm-backup/engine/local-data-root.ts';
import type { Manager } from '../../../src/swarm-backup/engine/manager.ts';
import { completeManifest } from '../../../src/swarm-backup/describe-swarm.ts';
import { surveyDirectory } from '../../../src/swarm-backup/file/entries.ts';
import { memoryTarget } from '../../../src/swarm-backup/file/target.ts';
import { createSwarmFile } from '../../../src/swarm-backup/file/write.ts';
import { restore } from '../../../src/swarm-backup/restore.ts';
import { sampleManifest } from '../../support/swarm-manifest.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-restore-'));
});
afterEach(() => rm(home, { recursive: true }));

const WAL = 'swarm/raft/wal-v3-encrypted/0.wal';
const KEY = 'swarm/certificates/swarm-node.key';
const FILES = [
  'swarm/docker-state.json',
  'swarm/certificates/swarm-node.crt',
  KEY,
  'swarm/certificates/swarm-root-ca.crt',
  WAL,
];

function tarOf(files: readonly string[]): Readable {
  const tar = pack();
  for (const name of files) tar.entry({ name, mode: 0o600 }, '{}');
  tar.finalize();
  return Readable.from(tar);
}

/** Restores a backup of these files. @returns the error, and what was asked of the engine */
async function restoreOf(files: readonly string[]): Promise<{ error: unknown; asked: string[] }> {
  const identity = await generateX25519Identity();
  const source = memoryTarget('swarm.age');
  await using file = await createSwarmFile(source, { recipients: [await identityToRecipient(identity)] });
  const survey = await surveyDirectory(tarOf(files));
  await file.write({ ...sampleManifest, files: [...survey.files] }, tarOf(files));
  const asked: string[] = [];
  const refuse = (what: string): never => {
    asked.push(what);
    throw new Error(`${what} was asked`);
  };
  const manager: Manager = {
    name: 'this host',
    engine: new Proxy({} as Engine, { get: (_, name) => refuse(`engine.${String(name)}`) }),
    root: localDataRoot(home),
    startCommand: 'systemctl start docker',
    addresses: () => refuse('addresses'),
    dial: () => refuse('dial'),
    stop: () => refuse('stop'),
    start: () => refuse('start'),
  };
  const request = { source, openWith: { identities: [identity] }, yes: true, force: true };
  const error: unknown = await restore(manager, request).catch((thrown: unknown) => thrown);
  return { error, asked };
}

test.for([
  { part: 'raft log', path: WAL, named: 'swarm/raft/wal-v3-encrypted/*.wal' },
  { part: 'node key', path: KEY, named: KEY },
])('refuses a copy without its $part before the engine is asked', async ({ path, named }) => {
  const { error, asked } = await restoreOf(FILES.filter((file) => file !== path));
  expect(error).toMatchObject({
    code: 'incomplete',
    blame: 'finding',
    message: `swarm.age is incomplete: ${named} missing, so the engine can't use it`,
    hint: 'Use another backup.',
  });
  expect(asked).toEqual([]);
  expect(await readdir(home)).toEqual([]);
});

test('asks the engine once the file is complete', async () => {
  const { asked } = await restoreOf(FILES);
  expect(asked).toEqual([expect.stringMatching(/^engine\./)]);
});

test('refuses to back up a swarm directory without its raft log, and says what to do', async () => {
  const survey = await surveyDirectory(tarOf(FILES.filter((file) => file !== WAL)));
  expect(() => completeManifest(sampleManifest, survey, undefined)).toThrow(
    expect.objectContaining({
      code: 'incomplete',
      message: 'the swarm directory is incomplete: swarm/raft/wal-v3-encrypted/*.wal missing',
      hint: expect.stringContaining('--data-root'),
    }),
  );
});
