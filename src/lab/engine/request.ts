// One request to the Engine API over dockerode's transport. Not dockerode's own calls: they take no time limit, and their types are
// narrower than the API or are missing.
import type Docker from 'dockerode';
import { formatSeconds, type Seconds } from '../../support/clock.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';
import { EngineError } from './errors.ts';

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: object | undefined;
  readonly body?: object | undefined;
  /** A tar, instead of `body`. */
  readonly file?: NodeJS.ReadableStream;
  /** The answer is its stream, read by the caller. */
  readonly isStream?: boolean;
}

const ACCEPTED = { 101: true, 200: true, 201: true, 204: true };

/**
 * Sends a request. @returns the parsed answer
 * @throws EngineError when the engine refuses it; DrillError `no-answer` when it takes longer than `limit`
 */
export async function sendRequest<T = unknown>(
  { modem }: Docker,
  { path, query = {}, body = {}, ...request }: EngineRequest,
  limit?: Seconds,
): Promise<T> {
  // An abandoned request would keep this program from ending.
  const abortSignal = limit === undefined ? undefined : AbortSignal.timeout(limit * 1000);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const options = { _query: query, _body: body };
  modem.dial(
    // The question mark announces a query to docker-modem.
    { ...request, path: `${path}?`, options, statusCodes: ACCEPTED, ...(abortSignal && { abortSignal }) },
    (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer as T)),
  );
  // A request that is still waiting for its connection does not notice the signal.
  abortSignal?.addEventListener('abort', () => reject(abortSignal.reason as Error), { once: true });
  try {
    return await promise;
  } catch (cause) {
    if (limit === undefined || !abortSignal?.aborted) throw refusalOf(cause);
    throw new DrillError(
      `the engine has not answered ${request.method} ${path} within ${formatSeconds(limit)}`,
      {
        code: 'no-answer',
        hint: 'look at its log; restart an engine that accepts connections and does not answer',
        cause,
      },
    );
  }
}

/** docker-modem's error as an EngineError, which has the engine's own message and not "(HTTP code 404) unexpected - ". */
export function refusalOf(error: unknown): unknown {
  const { statusCode, json } = error as { statusCode?: number; json?: { message?: string } };
  return statusCode === undefined ? error : new EngineError(statusCode, json?.message ?? reasonOf(error));
}
