// Messages and targets for tests of notifications.
import { buildReport } from '../../src/report/build.ts';
import { buildRun } from '../../src/report/run.ts';
import type { Report } from '../../src/report/schema.ts';
import { NotifyTargets } from '../../src/notify/config.ts';
import type { DeliveryPolicy } from '../../src/notify/http.ts';
import { endMessage, type Message } from '../../src/notify/message.ts';
import { type Delivery, deliver } from '../../src/notify/notify.ts';
import type { Verdict } from '../../src/drill/verdict/verdict.ts';
import { seconds } from '../../src/support/clock.ts';
import { notRecoveredSample, recoveredSample } from './report/samples.ts';

export const LINK = 'https://ci.example/jobs/7';
export const FACTS = { system: 'Shop', link: LINK };
export const RUN = '2026-11-26T02-00-00Z';

const good = buildReport(recoveredSample());
const bad = buildReport(notRecoveredSample());

export const recovered = (name: string): Report => ({ ...good, name });
export const notRecovered = (name: string): Report => ({ ...bad, name });
export const inconclusive = (name: string): Report => ({
  ...bad,
  name,
  verdict: 'inconclusive',
  reason: 'the lab died',
});

/** Returns the message of a run of these drills, whose last verdicts were `previous`. */
export const messageOf = (
  reports: readonly Report[],
  previous: Readonly<Record<string, Verdict>> = {},
): Message => endMessage(FACTS, RUN, buildRun(reports), new Map(Object.entries(previous)));

/** Two drills, one of which did not recover any more. */
export const brokenNight = (): Message =>
  messageOf([recovered('single-manager'), notRecovered('total-loss')], {
    'single-manager': 'recovered',
    'total-loss': 'recovered',
  });

/** A policy without long waits. */
export const FAST: DeliveryPolicy = {
  limit: seconds(0.3),
  pauses: [seconds(0.01), seconds(0.01)],
  total: seconds(10),
};

/** Delivers to one target, as written in a file. */
export async function deliverTo(
  target: object,
  message: Message,
  directory = '.',
  policy: DeliveryPolicy = FAST,
): Promise<Delivery | undefined> {
  const deliveries = await deliver(message, { targets: NotifyTargets.parse([target]), directory }, policy);
  return deliveries[0];
}
