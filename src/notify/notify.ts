// Sends a message to every target that wants it. A target that fails or is slow never throws: what came of each is returned, for the
// terminal and for the record next to the ledger. Nothing here changes a verdict or an exit code.
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatSeconds, monotonic, roundToThousandths, utcNow } from '../support/clock.ts';
import { DrillError, hintOf, reasonOf } from '../support/errors.ts';
import { type NotApplicable, sendComment } from './comment.ts';
import { type NotifyTarget, targetName } from './config.ts';
import { DEFAULT_POLICY, type DeliveryPolicy, withAttempts } from './http.ts';
import { sendMail } from './mail.ts';
import { isWanted, type Message } from './message.ts';
import { sendPing } from './ping.ts';
import { writeStepSummary } from './step-summary.ts';
import { sendWebhook } from './webhook.ts';

export interface Delivery {
  /** Name of the target. */
  readonly target: string;
  readonly kind: NotifyTarget['kind'];
  readonly result: 'delivered' | 'failed' | 'skipped';
  /** Why it failed or was skipped; null if it was delivered. Never contains a secret. */
  readonly reason: string | null;
  readonly hint: string | null;
  readonly seconds: number;
}

export interface Recipients {
  readonly targets: readonly NotifyTarget[];
  /** Of the file that names them: paths of files with secrets are relative to it. */
  readonly directory: string;
}

/** Returns what came of each target, in their order. Targets that do not want the message are left out. */
export function deliver(
  message: Message,
  { targets, directory }: Recipients,
  policy: DeliveryPolicy = DEFAULT_POLICY,
): Promise<Delivery[]> {
  const wanted = targets.filter((target) => wants(target, message));
  return Promise.all(
    wanted.map(async (target): Promise<Delivery> => {
      const start = monotonic();
      const outcome = await within(
        policy,
        withAttempts(policy, () => send(target, message, directory, policy)),
      ).then(
        (value) =>
          value ? { result: 'skipped', reason: value.skipped } : { result: 'delivered', reason: null },
        (error: unknown) => ({ result: 'failed', reason: reasonOf(error), hint: hintOf(error) ?? null }),
      );
      const seconds = roundToThousandths(monotonic() - start);
      return { hint: null, ...outcome, target: targetName(target), kind: target.kind, seconds } as Delivery;
    }),
  );
}

/** What is still under way after the limit goes on, but no one waits for it. */
async function within<T>({ total }: DeliveryPolicy, sending: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const limit = sleep(total * 1000, undefined, { signal: stop.signal, ref: false }).then(() => {
    throw new DrillError(`not finished after ${formatSeconds(total)}`, { code: 'not-delivered' });
  });
  limit.catch(() => undefined);
  try {
    return await Promise.race([sending, limit]);
  } finally {
    stop.abort();
  }
}

/** Only a dead man's switch has a use for the start of a run. */
function wants(target: NotifyTarget, message: Message): boolean {
  if (message.event === 'start') return target.kind === 'ping';
  return 'when' in target ? isWanted(message, target.when) : true;
}

async function send(
  target: NotifyTarget,
  message: Message,
  directory: string,
  policy: DeliveryPolicy,
): Promise<NotApplicable | undefined> {
  switch (target.kind) {
    case 'webhook':
    case 'slack':
    case 'teams':
    case 'ntfy':
      await sendWebhook(target, message, directory, policy);
      return undefined;
    case 'ping':
      await sendPing(target, message, directory, policy);
      return undefined;
    case 'mail':
      await sendMail(target, message, directory, policy);
      return undefined;
    case 'github-comment':
    case 'gitlab-comment':
      return sendComment(target, message, directory, policy);
    case 'github-summary':
      return writeStepSummary(message);
  }
}

/** In the directory of the reports: a run's own directory is signed, and nothing can be added to it. */
export const NOTIFICATIONS_FILE = 'notifications.jsonl';

/** Appends a line for each target that was sent to. @throws what the file system says */
export async function recordDeliveries(
  reports: string,
  { event, run }: Message,
  deliveries: readonly Delivery[],
): Promise<void> {
  const at = utcNow();
  const lines = deliveries
    .filter(({ result }) => result !== 'skipped')
    .map((delivery) => `${JSON.stringify({ at, event, run, ...delivery })}\n`);
  if (lines.length === 0) return;
  await mkdir(reports, { recursive: true });
  await appendFile(join(reports, NOTIFICATIONS_FILE), lines.join(''));
}

/** Returns a line for the terminal. */
export function describeDelivery({ target, kind, result, reason, hint }: Delivery): string {
  const name = target === kind ? kind : `${target} (${kind})`;
  const what = `${name}: ${result === 'failed' ? 'not delivered' : result}`;
  return [
    reason === null ? what : `${what}: ${reason}`,
    ...(hint === null ? [] : [`  what to do: ${hint}`]),
  ].join('\n');
}
