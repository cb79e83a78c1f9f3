// Writes that go on through the sample drill: acknowledged until the disaster, failing until the service answers, the last ones before the
// disaster lost.
import type { JournalEvent } from '../../../src/drill/events.ts';

type Attempt = Extract<JournalEvent, { event: 'attempt' }>;

/** In seconds, of the sample drill. */
const FROM = 46.5;
const NODE_GONE = 48.6;
const DATABASE_STARTS = 83;
const ANSWERS = 87.2;
const UNTIL = 91;
const PAUSE = 0.24;

function* attempts(): Generator<Attempt> {
  let t = FROM;
  for (let number = 1; t < UNTIL; number++) {
    const started = t;
    const isUp = t < NODE_GONE || t >= ANSWERS;
    const isHanging = t >= DATABASE_STARTS && !isUp;
    const seconds = isHanging ? 2 : isUp ? 0.012 + (number % 7) * 0.003 : 0.006;
    const error = isUp
      ? null
      : isHanging
        ? 'no answer within 2 s'
        : 'no node has a running container of the service ledger_database';
    t += seconds;
    yield { t, event: 'attempt', id: `continuous-1795690025259-${number}`, started, seconds, error };
    t += PAUSE;
  }
}

export function withContinuousWrites(events: readonly JournalEvent[]): JournalEvent[] {
  const made = [...attempts()];
  const survived = made.filter(({ t, error }) => error === null && t >= ANSWERS).map(({ id }) => id);
  return [...events, ...made]
    .map((event) => (event.event === 'surviving' ? { ...event, ids: [...event.ids, ...survived] } : event))
    .sort((a, b) => a.t - b.t);
}
