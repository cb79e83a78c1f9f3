// Questions to an engine, each with a time of its own: an engine may accept a connection and never say a word.
import type { Docker } from '../../lab/engine/connect.ts';
import { formatSeconds, type Seconds, seconds } from '../../support/clock.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';

/** An engine itself waits up to 20 s for its swarm before it says that there is no answer. */
const ANSWER_LIMIT: Seconds = seconds(30);
const PING_LIMIT: Seconds = seconds(3);

export interface EngineRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Of a POST. */
  readonly body?: object;
  /** Of a GET. */
  readonly query?: object;
}

/** @throws DrillError `no-answer` when the engine takes longer than `limit`; what its API refuses, as dockerode says it */
export async function requestEngine<T>(
  docker: Docker,
  { method, path, body, query }: EngineRequest,
  limit: Seconds = ANSWER_LIMIT,
): Promise<T> {
  // Not dockerode's own calls: a question that was only forgotten would hold this program at its end.
  const abortSignal = AbortSignal.timeout(limit * 1000);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  docker.modem.dial(
    {
      method,
      // As dockerode wants to be told that there is a query.
      path: query ? `${path}?` : path,
      abortSignal,
      statusCodes: { 200: true },
      options: body ?? query ?? {},
    },
    (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer as T)),
  );
  // What is still on its way to the engine does not hear of the end of its time.
  abortSignal.addEventListener('abort', () => reject(abortSignal.reason as Error), { once: true });
  try {
    return await promise;
  } catch (cause) {
    if (!abortSignal.aborted) throw cause;
    throw new DrillError(`the engine has not answered ${method} ${path} within ${formatSeconds(limit)}`, {
      code: 'no-answer',
      hint: 'look at its log; an engine that accepts a connection and says nothing has to be started anew',
      cause,
    });
  }
}

/** Whether an engine answers at all. @returns undefined when it does, else the reason */
export const unreachableReason = (docker: Docker): Promise<string | undefined> =>
  requestEngine(docker, { method: 'GET', path: '/_ping' }, PING_LIMIT).then(() => undefined, reasonOf);
