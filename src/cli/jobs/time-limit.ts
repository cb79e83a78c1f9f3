// How long a drill may run: one that hangs would keep its place, and the run, forever.
import { formatSeconds, minutes, type Seconds } from '../../support/clock.ts';
import type { DrillEnd, DrillProcess } from './drill-process.ts';

export interface TimeLimit {
  /** From the start of the drill's process. */
  readonly drill: Seconds;
  /** For logs, cleanup and report of a drill that was stopped; then its process is killed. */
  readonly stopping: Seconds;
}

/** The drills of this project take minutes. */
export const DEFAULT_DRILL_LIMIT = minutes(30);
/** A cleanup step may take a minute: see src/drill/teardown.ts. */
export const STOPPING_LIMIT = minutes(3);

/** Waits for the end of a drill. One that takes too long is stopped as by a Ctrl-C, and killed if that does not end it. */
export async function endWithin(
  { drill, stopping }: TimeLimit,
  { ended, stop, kill }: Pick<DrillProcess, 'ended' | 'stop' | 'kill'>,
): Promise<DrillEnd> {
  const reason = `it took longer than ${formatSeconds(drill)}, the limit of a drill`;
  const hint = 'See what its last step waited for, or allow more minutes with --drill-limit.';
  let isKilled = false;
  let timer = setTimeout(() => {
    stop({ reason, hint });
    timer = setTimeout(() => {
      isKilled = true;
      kill();
    }, stopping * 1000);
  }, drill * 1000);
  const end = await ended;
  clearTimeout(timer);
  if (!isKilled || end.kind === 'reported') return end;
  const also = `was stopped, did not end within ${formatSeconds(stopping)}, and was killed`;
  return { kind: 'died', reason: `${reason}; it ${also}`, hint };
}
