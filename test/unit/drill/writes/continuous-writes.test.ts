// Writes that go on through a failure: what is recorded of each, and what an application that hangs does to the next ones.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ContinuousWrites } from '../../../../src/drill/writes/continuous-writes.ts';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import type { Application } from '../../../../src/drill/plan.ts';
import { namesOwnWrite } from '../../../../src/model/own-writes.ts';
import { monotonic, seconds } from '../../../../src/support/clock.ts';
import { currentSignal, step, withTrace } from '../../../../src/support/trace.ts';

const pace = { shortestPause: seconds(0.005), longestPause: seconds(0.01), limit: seconds(0.05) };

type Attempt = Extract<JournalEvent, { event: 'attempt' }>;

/** Keeps what would be in the journal. */
class Record {
  readonly attempts: Attempt[] = [];
  readonly #began = monotonic();
  now = (): number => monotonic() - this.#began;
  write = (event: object): void => void this.attempts.push({ t: this.now(), ...event } as Attempt);
}

const answering = (write: Application['write']): Application => ({ write, present: async (ids) => ids });
const works = answering(async () => {});
const refuses = answering(() => Promise.reject(new Error('connection refused')));
const hangs = answering(() => new Promise(() => undefined));

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(2);
}

test('records each acknowledged write once, under an id that checks leave out', async () => {
  const journal = new Record();
  await using writes = new ContinuousWrites(journal, works, pace);
  await writes.steady();
  await writes.stop();
  const ids = journal.attempts.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every(namesOwnWrite)).toBe(true);
  expect(writes.acknowledged.map(({ id }) => id)).toEqual(ids);
  for (const { t, started, seconds: took, error } of journal.attempts) {
    expect(error).toBeNull();
    expect(t - started).toBeCloseTo(took, 2);
  }
});

test('gives an attempt up after its limit, and goes on', async () => {
  const journal = new Record();
  await using _writes = new ContinuousWrites(journal, hangs, pace);
  await until(() => journal.attempts.length >= 2);
  expect(journal.attempts.map(({ error }) => error)).toEqual(
    journal.attempts.map(() => 'no answer within 0.05 s'),
  );
  expect(journal.attempts[0]?.seconds).toBeGreaterThanOrEqual(0.045);
});

test("ends the client's work when it gives the attempt up", async () => {
  const journal = new Record();
  let hasEnded = false;
  const listens = answering(
    () =>
      new Promise((_, fail) => {
        currentSignal().addEventListener('abort', () => {
          hasEnded = true;
          fail(new Error('gave up'));
        });
      }),
  );
  await using _writes = new ContinuousWrites(journal, listens, pace);
  await until(() => hasEnded);
});

test('gives up the attempt that hangs when it goes on through the restored application', async () => {
  const journal = new Record();
  await using writes = new ContinuousWrites(journal, hangs, { ...pace, limit: seconds(60) });
  await sleep(10);
  writes.continueThroughRestored(works);
  await until(() => journal.attempts.length >= 2);
  expect(journal.attempts[0]?.error).toContain('through another client');
  expect(journal.attempts[1]?.error).toBeNull();
  expect(writes.acknowledged.every(({ afterRestore }) => afterRestore)).toBe(true);
});

test('counts a write that the survivors acknowledged as made before the restore', async () => {
  await using writes = new ContinuousWrites(new Record(), refuses, pace);
  writes.continueThrough(works);
  await writes.steady();
  expect(writes.acknowledged.some(({ afterRestore }) => afterRestore)).toBe(false);
});

test('records no attempt that is under way when it stops', async () => {
  const journal = new Record();
  const writes = new ContinuousWrites(journal, hangs, { ...pace, limit: seconds(60) });
  await writes.stop();
  expect(journal.attempts).toEqual([]);
});

test('says why no write is acknowledged', async () => {
  await using writes = new ContinuousWrites(new Record(), refuses, pace);
  const stop = new AbortController();
  const reasons: string[] = [];
  const sink = {
    stepStarted() {},
    stepEnded() {},
    waiting(_: number | undefined, because: string) {
      reasons.push(because);
      if (because.includes('refused')) stop.abort(new Error('seen'));
    },
  };
  await expect(withTrace(sink, stop.signal, () => writes.steady())).rejects.toThrow('seen');
  expect(reasons.at(-1)).toBe('5 acknowledged writes: 0: connection refused');
});

test('adds no step of the application to the drill', async () => {
  const names: string[] = [];
  const sink = {
    stepStarted: (_id: number, _parent: number | undefined, name: string) => void names.push(name),
    stepEnded() {},
    waiting() {},
  };
  await withTrace(sink, new AbortController().signal, async () => {
    await using writes = new ContinuousWrites(
      new Record(),
      answering(() => step('connect', async () => {})),
      pace,
    );
    await writes.steady();
  });
  expect(names).toEqual([]);
});
