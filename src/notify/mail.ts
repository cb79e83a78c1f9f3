// Mail through an SMTP server that the user names.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createTransport } from 'nodemailer';
import { DrillError, reasonOf } from '../support/errors.ts';
import type { TargetOf } from './config.ts';
import { type DeliveryPolicy, TemporaryFailure } from './http.ts';
import type { Message } from './message.ts';
import { readSecret, redact } from './secret.ts';
import { toLines } from './text.ts';

const PORTS = { implicit: 465, starttls: 587, none: 25 } as const;

/** @throws TemporaryFailure unless the server refused for good; the message does not contain the password */
export async function sendMail(
  target: TargetOf<'mail'>,
  message: Message,
  directory: string,
  { limit }: DeliveryPolicy,
): Promise<void> {
  const { host, tls, port = PORTS[tls], user, from, to, ca } = target;
  const source = { file: target['password-file'], variable: target['password-env'], directory };
  const password = await readSecret(source);
  const certificates = ca === undefined ? undefined : await readFile(resolve(directory, ca), 'utf8');
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(certificates !== undefined && { tls: { ca: certificates } }),
    ...(user !== undefined && password && { auth: { user, pass: password.reveal() } }),
    connectionTimeout: limit * 1000,
    greetingTimeout: limit * 1000,
    socketTimeout: limit * 1000,
    dnsTimeout: limit * 1000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: message.title,
      text: `${[message.title, '', ...toLines(message)].join('\n')}\n`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (error) {
    const reason = redact(reasonOf(error), password ? [password] : []);
    throw isRefusal(error)
      ? new DrillError(reason, { code: 'not-delivered' })
      : new TemporaryFailure(reason, { code: 'not-delivered' });
  } finally {
    transport.close();
  }
}

/** Whether the server would answer the same to the same mail. */
const isRefusal = (error: unknown): boolean =>
  (error as { permanent?: boolean } | undefined)?.permanent === true;
