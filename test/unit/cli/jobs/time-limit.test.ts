// How long a drill may run: it is stopped first, and killed only if that does not end it.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DrillEnd } from '../../../../src/cli/jobs/drill-process.ts';
import { endWithin } from '../../../../src/cli/jobs/time-limit.ts';
import { minutes } from '../../../../src/support/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const RECOVERED: DrillEnd = { kind: 'reported', verdict: 'recovered' };
const INCONCLUSIVE: DrillEnd = { kind: 'reported', verdict: 'inconclusive' };
const KILLED: DrillEnd = { kind: 'died', reason: 'its process was killed by SIGKILL' };
const REASON = 'it took longer than 30 min 0.0 s, the limit of a drill';

/** Starts a drill that may take 30 minutes. */
function startDrill({ onStop }: { onStop?: DrillEnd } = {}) {
  const { promise: ended, resolve: end } = Promise.withResolvers<DrillEnd>();
  const stop = vi.fn(() => {
    if (onStop) end(onStop);
  });
  const kill = vi.fn(() => end(KILLED));
  const limit = { drill: minutes(30), stopping: minutes(3) };
  return { end, stop, kill, result: endWithin(limit, { ended, stop, kill }) };
}

test('leaves a drill that ends in time as it is', async () => {
  const { end, stop, kill, result } = startDrill();
  vi.advanceTimersByTime(29 * 60_000);
  end(RECOVERED);
  expect(await result).toEqual(RECOVERED);
  vi.advanceTimersByTime(60 * 60_000);
  expect([stop.mock.calls, kill.mock.calls]).toEqual([[], []]);
});

test('stops a drill that takes too long, and says why', async () => {
  const { stop, kill, result } = startDrill({ onStop: INCONCLUSIVE });
  vi.advanceTimersByTime(30 * 60_000);
  expect(await result).toEqual(INCONCLUSIVE);
  vi.advanceTimersByTime(60 * 60_000);
  expect(stop).toHaveBeenCalledExactlyOnceWith({
    reason: REASON,
    hint: expect.stringContaining('--drill-limit'),
  });
  expect(kill).not.toHaveBeenCalled();
});

test('kills one that does not end then, but not before the time for logs and cleanup is over', async () => {
  const { kill, result } = startDrill();
  vi.advanceTimersByTime(33 * 60_000 - 1);
  expect(kill).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(await result).toMatchObject({
    kind: 'died',
    reason: `${REASON}; it was stopped, did not end within 3 min 0.0 s, and was killed`,
    hint: expect.stringContaining('--drill-limit') as string,
  });
});

test('keeps the reason of a drill whose process dies while it is stopped', async () => {
  const { end, result } = startDrill();
  vi.advanceTimersByTime(31 * 60_000);
  end(KILLED);
  expect(await result).toEqual(KILLED);
});
