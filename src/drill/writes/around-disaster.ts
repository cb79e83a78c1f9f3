// When a drill's continuous writes start, through what they go, and when they end.
import { setTimeout as sleep } from 'node:timers/promises';
import { seconds } from '../../support/clock.ts';
import { currentSignal, step } from '../../support/trace.ts';
import { ContinuousWrites } from './continuous-writes.ts';
import type { Application } from '../plan.ts';
import type { RunContext } from '../runtime.ts';

/** How long the writes go on after the first response: a workload that answers once and fails again is seen. */
const WRITE_ON = seconds(3);

/** Starts the writes if the plan has some, and waits until the workload acknowledges them. @throws DrillError `wait-timeout` */
export async function startContinuousWrites(
  { drill: { plan }, journal }: RunContext,
  app: Application,
): Promise<ContinuousWrites | undefined> {
  if (!plan.continuousWrites) return undefined;
  const writes = new ContinuousWrites(journal, app);
  try {
    await step('start the continuous writes', () => writes.steady(), { harness: true });
    return writes;
  } catch (error) {
    await writes.stop();
    throw error;
  }
}

/** Writes through what the plan names for the swarm that survives; without it, the seeded application stays. */
export function followSurvivors(
  { drill: { plan } }: RunContext,
  writes: ContinuousWrites | undefined,
  survivors: unknown,
): void {
  if (typeof plan.continuousWrites === 'object')
    writes?.continueThrough(plan.continuousWrites.through(survivors));
}

/** Ends the writes some seconds after the first response. */
export async function finishContinuousWrites(writes: ContinuousWrites | undefined): Promise<void> {
  if (!writes) return;
  await step(
    `write on for ${WRITE_ON} s`,
    () => sleep(WRITE_ON * 1000, undefined, { signal: currentSignal() }),
    { harness: true },
  );
  await writes.stop();
}
