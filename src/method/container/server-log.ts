// Waiting for a server in a container: when that ends badly, the server's own log is what tells why.
import { demultiplex } from '../../lab/engine/frames.ts';
import type { Seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { waitUntil, type Answer } from '../../support/poll.ts';
import type { Node } from '../../swarm/node.ts';

export interface ServerContainer {
  readonly node: Node;
  /** Of its container. */
  readonly id: string;
}

/** What it logged last. */
export async function readServerLog({ node, id }: ServerContainer): Promise<string> {
  const container = node.docker.getContainer(id);
  const log = await container.logs({ stdout: true, stderr: true, follow: false, tail: 25 });
  return demultiplex(log).toString('utf8');
}

/** @throws DrillError with `code`, a finding with the end of the server's log, when it was given up or took longer than `limit` */
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
