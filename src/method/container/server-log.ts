// Waits for a server in a container. When that fails, the server's log is part of the error.
import type { Seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { waitUntil, type Answer } from '../../support/poll.ts';
import type { Node } from '../../swarm/node/node.ts';

export interface ServerContainer {
  readonly node: Node;
  /** Id of its container. */
  readonly id: string;
}

/** Returns the last 25 lines of its log. */
export const readServerLog = ({ node, id }: ServerContainer): Promise<string> =>
  node.engine.containers.logs(id, { tail: 25 });

/** Waits until the server is ready. @throws DrillError with `code`, a finding with the end of its log, on a timeout or when `ask` gives up */
export async function waitForServer<T>(
  server: ServerContainer,
  what: string,
  ask: () => Promise<Answer<T>>,
  { limit, code }: { readonly limit: Seconds; readonly code: string },
): Promise<T> {
  try {
    return await waitUntil(what, ask, { limit, blame: 'finding' });
  } catch (error) {
    if (!(error instanceof DrillError) || !error.code.startsWith('wait-')) throw error;
    throw finding(error.message, {
      code,
      node: server.node.name,
      output: await readServerLog(server),
      cause: error.cause,
    });
  }
}
