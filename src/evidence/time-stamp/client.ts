// Asks a time-stamp authority over HTTP (RFC 3161, section 3.4). Any authority: there is nothing in it that is about one of them.
import { reasonOf } from '../../support/errors.ts';
import type { TimeStampAuthority } from './authority.ts';
import { createRequest, readToken, timeStampError } from './message.ts';

/** A run waits for this twice at most. */
const TIMEOUT_MS = 10_000;
/** A token with its certificates has some kilobytes. */
const MOST_BYTES = 1 << 20;

/** @param timeoutMs for one answer, in milliseconds */
export function connectAuthority(url: string, timeoutMs = TIMEOUT_MS): TimeStampAuthority {
  return {
    url,
    async stamp(data) {
      const request = createRequest(data);
      return readToken(await post(url, request.der, timeoutMs), request);
    },
  };
}

async function post(url: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw timeStampError(`the authority answered with HTTP ${response.status}`);
    return await readLimited(response);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'TimeoutError')
      throw timeStampError(`the authority did not answer within ${timeoutMs / 1000} s`);
    // fetch says "fetch failed"; the reason is in its cause.
    throw cause instanceof TypeError ? timeStampError(reasonOf(cause.cause ?? cause)) : cause;
  }
}

async function readLimited(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
  for await (const part of body) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw timeStampError(`the answer has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
