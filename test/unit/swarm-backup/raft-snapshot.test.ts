// The raft snapshot before the copy: the interval is always set back, and a manager that takes none is an error, not a wait for ever.
import { expect, test } from 'vitest';
import type { ClusterSpec } from '../../../src/lab/engine/api.ts';
import { type Manager } from '../../../src/swarm-backup/engine/manager.ts';
import { takeRaftSnapshot } from '../../../src/swarm-backup/raft-snapshot.ts';
import { withTrace } from '../../../src/support/trace.ts';

interface Scripted {
  readonly interval?: number;
  /** What an update to this interval is refused with, once each. */
  readonly refusals?: Record<number, string[]>;
  readonly takesSnapshot?: boolean;
}

function scriptedManager({ interval = 10_000, refusals = {}, takesSnapshot = true }: Scripted = {}) {
  let spec = { Name: 'default', Raft: { SnapshotInterval: interval, ElectionTick: 10 } } as ClusterSpec;
  let index = 0x1f3;
  const files = ['0000000000000002-0000000000000010.snap'];
  const intervals: number[] = [];
  const engine = {
    swarm: {
      inspect: async () => ({ Spec: spec, Version: { Index: index } }),
      async update(version: { Index: number }, next: ClusterSpec) {
        const wanted = next.Raft.SnapshotInterval;
        const refusal = refusals[wanted]?.shift();
        if (refusal !== undefined) throw new Error(refusal);
        expect(version.Index).toBe(index);
        // As raft does: an interval counts from the entry after it.
        if (spec.Raft.SnapshotInterval === 1 && takesSnapshot)
          files.push('db.tmp', `0000000000000003-${index.toString(16).padStart(16, '0')}.snap`);
        index += 1;
        spec = next;
        intervals.push(wanted);
      },
    },
  };
  const root = { list: async () => [...files] };
  const manager = { name: 'm1', engine, root } as unknown as Manager;
  return { manager, intervals, specOf: () => spec };
}

const forget = async () => {};
const silent = { stepStarted() {}, stepEnded() {}, waiting() {} };

test('remembers the interval, takes a snapshot, sets the interval back, and changes nothing else', async () => {
  const { manager, intervals, specOf } = scriptedManager();
  const remembered: number[] = [];
  expect(await takeRaftSnapshot(manager, async (interval) => void remembered.push(interval))).toBe(0x1f4);
  expect(remembered).toEqual([10_000]);
  expect(intervals).toEqual([1, 1, 10_000]);
  expect(specOf()).toEqual({ Name: 'default', Raft: { SnapshotInterval: 10_000, ElectionTick: 10 } });
});

test('tries again when the specification was changed in between', async () => {
  const { manager, intervals } = scriptedManager({ refusals: { 1: ['rpc error: update out of sequence'] } });
  await takeRaftSnapshot(manager, forget);
  expect(intervals).toEqual([1, 1, 10_000]);
});

test('leaves an interval of 1 as it is', async () => {
  const { manager, intervals } = scriptedManager({ interval: 1 });
  expect(await takeRaftSnapshot(manager, forget)).toBe(0x1f3);
  expect(intervals).toEqual([1]);
});

test('sets the interval back when the command is stopped before there is a snapshot', async () => {
  const { manager, intervals } = scriptedManager({ takesSnapshot: false });
  const stop = new AbortController();
  const taken = withTrace(silent, stop.signal, () => takeRaftSnapshot(manager, forget));
  setTimeout(() => stop.abort(new Error('Ctrl-C')), 50);
  await expect(taken).rejects.toMatchObject({
    code: 'no-raft-snapshot',
    message: expect.stringContaining('Ctrl-C'),
  });
  expect(intervals.at(-1)).toBe(10_000);
});

test('says both reasons and the remedy when the interval can not be set back', async () => {
  const { manager } = scriptedManager({ refusals: { 10_000: ['no leader'] } });
  await expect(takeRaftSnapshot(manager, forget)).rejects.toMatchObject({
    code: 'snapshot-interval',
    message: expect.stringMatching(/could not be set back to 10000: .*no leader/),
    hint: expect.stringContaining('docker swarm update --snapshot-interval 10000'),
  });
});
