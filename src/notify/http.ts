// Requests of notifications: with a time limit, repeated where that can help, and with errors that never contain the address.
import { setTimeout as sleep } from 'node:timers/promises';
import { formatSeconds, type Seconds, seconds } from '../support/clock.ts';
import { causesOf, DrillError } from '../support/errors.ts';
import { type Secret, redact } from './secret.ts';

export interface DeliveryPolicy {
  /** Of one attempt. */
  readonly limit: Seconds;
  /** Before the second attempt, before the third, … . */
  readonly pauses: readonly Seconds[];
  /** Of everything that one target takes: an attempt may have several requests. */
  readonly total: Seconds;
}

export const DEFAULT_POLICY: DeliveryPolicy = {
  limit: seconds(10),
  pauses: [seconds(1), seconds(3)],
  total: seconds(60),
};

export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Removed from every error. */
  readonly secrets: readonly Secret[];
}

/** A failure that another attempt may not have. */
export class TemporaryFailure extends DrillError {}

const failure = (reason: string, isTemporary: boolean): DrillError =>
  new (isTemporary ? TemporaryFailure : DrillError)(reason, { code: 'not-delivered' });

/**
 * Calls `attempt` until it succeeds, fails for good, or there are no attempts left.
 * @throws the last error; it says how many attempts there were, if there were several
 */
export async function withAttempts<T>({ pauses }: DeliveryPolicy, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++)
    try {
      return await attempt();
    } catch (error) {
      const pause = pauses[attempts - 1];
      const isLast = !(error instanceof TemporaryFailure) || pause === undefined;
      if (isLast && attempts > 1)
        throw new DrillError(`attempt ${attempts}`, { code: 'not-delivered', cause: error });
      if (isLast) throw error;
      await sleep(pause * 1000);
    }
}

/**
 * Sends one request and returns the body of the answer. Redirects are not followed: they would carry a secret to another server.
 * @throws TemporaryFailure for no answer, too many requests, or an error of the server; DrillError `not-delivered` for another status
 */
export async function request(
  { url, method, headers, body, secrets }: HttpRequest,
  { limit }: DeliveryPolicy,
): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { 'user-agent': 'swarm-drill', ...headers },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(limit * 1000),
    });
    text = await response.text();
  } catch (error) {
    throw failure(redact(connectionReason(error, limit), secrets), true);
  }
  if (response.ok) return text;
  const { status } = response;
  const said = redact(text.replaceAll(/\s+/g, ' ').trim(), secrets).slice(0, 200);
  const reason = status >= 300 && status < 400 ? 'a redirect, which is not followed' : said || 'no text';
  throw failure(`the server answered ${status}: ${reason}`, status === 429 || status >= 500);
}

/** Returns the code of the system's error: its message contains the address, which may be part of the secret. */
function connectionReason(error: unknown, limit: Seconds): string {
  const causes = causesOf(error);
  if (causes.some((cause) => cause instanceof DOMException && cause.name === 'TimeoutError'))
    return `no answer within ${formatSeconds(limit)}`;
  const code = causes
    .map((cause) => (cause as NodeJS.ErrnoException | undefined)?.code)
    .find((found) => typeof found === 'string');
  return `no connection (${code ?? 'unknown reason'})`;
}
