// Workers that outlived their managers: they come back by themselves if a manager answers at an address that they remember.
import { seconds, type Seconds } from '../support/clock.ts';
import { finding } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step } from '../support/trace.ts';
import type { Node } from '../swarm/node/node.ts';
import type { Swarm } from '../swarm/swarm.ts';

/**
 * Waits until running nodes are ready members of the restored swarm, under the ids that they have. The swarm gains these nodes.
 * @param limit how long each agent may take to try again: its pauses grow to some 8 s. Default 60 s
 * @throws DrillError `not-reconnected`, a finding, with what each of them says
 */
export async function reconnectNodes(
  swarm: Swarm,
  nodes: readonly Node[],
  { limit = seconds(60) }: { readonly limit?: Seconds } = {},
): Promise<Swarm> {
  await step(`${nodes.map(({ name }) => name).join(', ')} reconnect`, () =>
    waitUntil(
      'the surviving nodes',
      async () => {
        const missing = await findUnconnected(swarm, nodes);
        return missing.length === 0 ? { done: true } : { notYet: missing.join('; ') };
      },
      { limit },
    ).catch((cause: unknown) => {
      throw finding(`nodes that survived did not come back: ${(cause as Error).message}`, {
        code: 'not-reconnected',
        cause,
        hint: 'Let them leave and join again (docker swarm leave --force): they look for their managers at addresses where none answers.',
      });
    }),
  );
  for (const node of nodes) swarm.replace(node);
  return swarm;
}

async function findUnconnected(swarm: Swarm, nodes: readonly Node[]): Promise<string[]> {
  const members = await swarm.members();
  const found: string[] = [];
  for (const { name, engine } of nodes) {
    const { NodeID, Error } = (await engine.info()).Swarm;
    const member = members.find(({ ID }) => ID === NodeID);
    const state = member?.Status.State ?? 'not a member';
    if (state !== 'ready') found.push(`${name} is ${state}${Error && ` (${Error})`}`);
  }
  return found;
}
