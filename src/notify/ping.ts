// The dead man's switch: a server that alarms when no night reports, as healthchecks.io and its likes do. This is the only target that
// also notices a night that never started, or whose machine is gone.
import type { TargetOf } from './config.ts';
import { type DeliveryPolicy, request } from './http.ts';
import type { Message } from './message.ts';
import { toLines } from './text.ts';
import { readUrl } from './webhook.ts';

/** Pings `<url>/start`, `<url>` for a run in which every drill recovered, or `<url>/fail`. @throws as `sendWebhook` */
export async function sendPing(
  target: TargetOf<'ping'>,
  message: Message,
  directory: string,
  policy: DeliveryPolicy,
): Promise<void> {
  const { url, secret } = await readUrl(target, directory);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${suffixOf(message)}`;
  const body = [message.title, ...toLines(message)].join('\n');
  await request(
    {
      url,
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
      secrets: [secret],
    },
    policy,
  );
}

/** A test message must not end an alarm, nor start one: a log entry does neither. */
function suffixOf({ event, verdict }: Message): '/start' | '/log' | '/fail' | '' {
  if (event === 'start') return '/start';
  if (event === 'test') return '/log';
  return verdict === 'recovered' ? '' : '/fail';
}
