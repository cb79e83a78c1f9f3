// Webhooks: one POST per message, to a chat or to a program.
import type { DeliveryPolicy } from './http.ts';
import { request } from './http.ts';
import type { TargetOf } from './config.ts';
import type { Message } from './message.ts';
import { toNtfy, toSlack, toTeams } from './payloads.ts';
import { readSecret, type Secret, urlOf } from './secret.ts';

type Webhook = TargetOf<'webhook' | 'slack' | 'teams' | 'ntfy'>;

/** @param directory that paths of files with secrets are relative to @throws as `request` and `readSecret` */
export async function sendWebhook(
  target: Webhook,
  message: Message,
  directory: string,
  policy: DeliveryPolicy,
): Promise<void> {
  const { url, secret } = await readUrl(target, directory);
  const token = await readSecret({ file: target['token-file'], variable: target['token-env'], directory });
  await request(
    {
      ...addressed(target.kind, url, message),
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token.reveal()}` }),
      },
      secrets: [secret, ...(token ? [token] : [])],
    },
    policy,
  );
}

/** Returns the URL of a target that has one. @throws as `readSecret` and `urlOf` */
export async function readUrl(
  target: { readonly 'url-file'?: string | undefined; readonly 'url-env'?: string | undefined },
  directory: string,
): Promise<{ readonly url: URL; readonly secret: Secret }> {
  const source = { file: target['url-file'], variable: target['url-env'], directory };
  const secret = await readSecret(source);
  if (!secret) throw new TypeError('expected a target with url-file or url-env');
  return { url: urlOf(secret, source), secret };
}

function addressed(kind: Webhook['kind'], url: URL, message: Message): { url: URL; body: string } {
  switch (kind) {
    case 'webhook':
      return { url, body: JSON.stringify(message) };
    case 'slack':
      return { url, body: JSON.stringify(toSlack(message)) };
    case 'teams':
      return { url, body: JSON.stringify(toTeams(message)) };
    case 'ntfy': {
      const topic = decodeURIComponent(url.pathname.split('/').findLast(Boolean) ?? '');
      return { url: new URL('/', url), body: JSON.stringify(toNtfy(message, topic)) };
    }
  }
}
