// What arrives between nodes, measured by programs in their networks: each direction separately, also where the nodes do not answer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import type { Node } from '../../swarm/node/node.ts';

const SCRIPT = readFileSync(join(import.meta.dirname, 'probe.py'), 'utf8');

const Answer = z.record(
  z.string(),
  z.object({
    arrived: z.number(),
    bytesPerSecond: z.number().nullable(),
    roundTrip: z.number().nullable(),
  }),
);

export interface ProbeOptions {
  /** Datagrams from each node to each other. Default 20. */
  readonly count?: number;
  /** Bytes of each. Default 64. */
  readonly size?: number;
  /** Seconds: half of it for sending. Default 1. */
  readonly duration?: number;
}

/** What arrived at one node from another. */
export interface Arrival {
  /** How many datagrams arrived. */
  readonly arrived: number;
  /** Null if fewer than two arrived. */
  readonly bytesPerSecond: number | null;
  /** Milliseconds from the receiver to the sender and back, the median; null if no answer came. */
  readonly roundTrip: number | null;
}

export type Measured = (from: Node, to: Node) => Arrival;

const SENT = 20;

/** The last probe: they use the same port, so one starts when the one before it has ended. */
let last: Promise<unknown> = Promise.resolve();

/** Sends datagrams between all of these nodes at the same time. @returns what arrived, by sender and receiver */
export function probeNetwork(nodes: readonly Node[], options: ProbeOptions = {}): Promise<Measured> {
  const probe = last.then(() => measure(nodes, options));
  last = probe.catch(() => undefined);
  return probe;
}

async function measure(
  nodes: readonly Node[],
  { count = SENT, size = 64, duration = 1 }: ProbeOptions,
): Promise<Measured> {
  const probes = await Promise.all(
    nodes.map(async (node) => {
      const peers = nodes.filter((peer) => peer !== node).map(({ address }) => address);
      const argv = ['python3', '-c', SCRIPT, String(count), String(size), String(duration), ...peers];
      const input = new PassThrough();
      const running = await node.startHelper({ argv, shares: 'network', input });
      const output = { text: '' };
      running.io.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
      const end = new Promise<void>((done, fail) => running.io.once('end', done).once('error', fail));
      end.catch(() => undefined);
      return { node, input, running, output, end };
    }),
  );
  await waitUntil(
    'the network probes',
    async () => {
      const late = probes.find(({ output }) => !output.text.includes('ready'));
      return late === undefined ? { done: true } : { notYet: `${late.node.name} is not ready` };
    },
    { limit: seconds(30) },
  );
  for (const { input } of probes) input.end('go\n');
  const measured = new Map<Node, z.infer<typeof Answer>>();
  await Promise.all(
    probes.map(async ({ node, running, output, end }) => {
      await end;
      const exitCode = await running.exitCode();
      if (exitCode !== 0)
        throw new Error(`${node.name}: the network probe exited with ${exitCode}: ${running.stderr()}`);
      measured.set(node, Answer.parse(JSON.parse(output.text.slice(output.text.indexOf('\n')))));
    }),
  );
  return (from, to) =>
    measured.get(to)?.[from.address] ?? { arrived: 0, bytesPerSecond: null, roundTrip: null };
}
