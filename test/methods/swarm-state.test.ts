// A copy of a manager's swarm directory: which manager is stopped for it, when none may be, and copies that no cluster can be made of.
import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { connect } from '../../src/lab/engine/connect.ts';
import type { ArtifactMetadata } from '../../src/model/method.ts';
import { swarmState, swarmStateHot } from '../../src/method/swarm/swarm-state.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import type { StoppedNode } from '../../src/swarm/node.ts';
import { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { openArtifactStore, type ArtifactStore } from '../support/artifact-store.ts';
import { findingOf, startUser, stateOf } from '../support/volumes.ts';

const FILE = 'swarm.tar.zst';
const lab = inject('lab');
let scope: Scope;
let site: Site;
let kept: ArtifactStore;

beforeEach(async () => {
  scope = new Scope();
  site = await Site.open({ lab, run: `test-${process.pid}`, drill: 'swarm-state', scope });
  kept = await openArtifactStore();
});
afterEach(async () => {
  await kept[Symbol.asyncDispose]();
  await scope[Symbol.asyncDispose]();
});

const web = (swarm: Swarm) => startUser({ swarm, node: swarm.node('manager-1'), name: 'files' }, 'web');

/** Switches a manager off, and waits until the others have noticed. */
async function without(swarm: Swarm, name: string): Promise<StoppedNode> {
  const stopped = await swarm.node(name).stop();
  await waitUntil(`the others to miss ${name}`, async () => {
    const member = (await swarm.members()).find(({ Description }) => Description.Hostname === name);
    const is = member?.ManagerStatus?.Reachability;
    return is === 'unreachable' ? { done: true } : { notYet: `it is ${is}` };
  });
  return stopped;
}

describe('of several managers', () => {
  test('one that runs is copied, and comes back as a manager, while another is away; without a quorum none is stopped', async () => {
    const swarm = await site.startSwarm({ managers: 5, workers: 0 });
    await web(swarm);
    const leader = await swarm.leader();
    const [first, ...others] = swarm.managers.filter(({ name }) => name !== leader.name);
    await without(swarm, first?.name ?? '');
    await swarm.converged();

    const claim = await swarmState.backup(swarm, kept.writer);
    expect(others.map(({ name }) => name)).toContain(claim['node']);
    const member = (await swarm.members()).find(({ Description }) => Description.Hostname === claim['node']);
    expect(member).toMatchObject({
      Status: { State: 'ready' },
      ManagerStatus: { Reachability: 'reachable' },
    });
    expect(await swarm.settled()).toEqual(['web']);

    const second = others.find(({ name }) => name !== claim['node']);
    await without(swarm, second?.name ?? '');
    const startedAt = () => swarm.managers.map((node) => node.startedAt);
    const before = startedAt();
    const refused = await findingOf(swarmState.backup(swarm, kept.writer));
    expect(refused).toMatchObject({
      code: 'quorum',
      message: 'stopping this manager would leave 2 of 5 managers, and a quorum needs 3',
      hint: expect.stringContaining(second?.name ?? ''),
    });
    expect(startedAt()).toEqual(before);
    // A hot copy takes nothing away.
    const hot = await swarmStateHot.backup(swarm, kept.writer);
    expect([first?.name, second?.name, leader.name]).not.toContain(hot['node']);
  });
});

describe('a copy that no cluster can be made of', () => {
  let claim: ArtifactMetadata;
  let whole: Buffer;

  beforeEach(async () => {
    const swarm = await site.startSwarm({ managers: 1, workers: 0 });
    await web(swarm);
    const before = await stateOf(swarm, 'web');
    claim = await swarmState.backup(swarm, kept.writer);
    expect(await stateOf(swarm, 'web')).toEqual(before);
    whole = await readFile(kept.path(FILE));
    await swarm.node('manager-1').destroy();
  });

  const restore = (of: ArtifactMetadata) => swarmState.restore(kept.reader(of), site);

  test.for<{ harm: string; change: Change }>([
    { harm: 'a bit of the log turned', change: log((bytes, end) => flipped(bytes, end >> 1)) },
    { harm: 'the beginning of the log gone', change: log((bytes, end) => bytes.fill(0, 0, end >> 1)) },
    { harm: 'no log at all', change: (name, bytes) => (LOG.test(name) ? undefined : bytes) },
    { harm: 'no key to it', change: (name, bytes) => (name.endsWith('node.key') ? undefined : bytes) },
  ])('$harm: a finding in the words of the engine, and nothing is left in the way', async ({ change }) => {
    await writeFile(kept.path(FILE), await rewritten(whole, change));
    const { code, message, cause } = await findingOf(restore(claim));
    expect(code, message).toBe('state-refused');
    expect(String(cause)).not.toBe('');
    await clear();

    await writeFile(kept.path(FILE), whole);
    const restored = await restore(claim);
    await restored.converged();
    expect(await stateOf(restored, 'web')).toMatchObject({ running: 2 });
  });

  test('of another cluster, or another address: it says which', async () => {
    const other = await findingOf(restore({ ...claim, cluster: 'another' }));
    expect(other).toMatchObject({
      code: 'other-cluster',
      message: expect.stringContaining(
        `expected the cluster another, the restored node is in ${claim['cluster']}`,
      ),
    });
    await clear();
    expect(await findingOf(restore({ ...claim, address: '192.0.2.1' }))).toMatchObject({
      code: 'moved-address',
    });
    expect(await site.containers()).toEqual([]);
  });
});

/** Takes away what a failed restore left, which has the address of the next one. */
async function clear(): Promise<void> {
  const engine = connect(lab.host);
  for (const { id } of await site.containers()) await engine.containers.remove(id);
}

/** @returns undefined for a file that is to be left out */
type Change = (name: string, bytes: Buffer) => Buffer | undefined;

const LOG = /wal-v3-encrypted\/.*\.wal$/;

/** A change of raft's log, given where its records end: the file is as long as it may get. */
function log(change: (bytes: Buffer, end: number) => Buffer): Change {
  return (name, bytes) => {
    if (!LOG.test(name)) return bytes;
    const end = bytes.findLastIndex((byte) => byte !== 0);
    // The engine makes the next log beforehand, and it is empty.
    return end < 0 ? bytes : change(bytes, end);
  };
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

/** The tar with its files changed. */
async function rewritten(tar: Buffer, change: Change): Promise<Buffer> {
  const packed = pack();
  const parser = extract();
  parser.end(tar);
  const written = buffer(packed);
  for await (const entry of parser) {
    const bytes = change(entry.header.name, await buffer(entry));
    if (bytes) packed.entry({ ...entry.header, size: bytes.length }, bytes);
  }
  packed.finalize();
  return written;
}
