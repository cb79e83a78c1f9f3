// The network of nodes is bad: packets are late, lost, or throttled.
import type { Reversible } from '../../model/disaster.ts';
import type { Seconds } from '../../support/clock.ts';
import { DrillError, labFailure, usage } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible, type Witness } from '../cause.ts';
import { findTargets, namesOf, type Targets } from '../targets.ts';
import { shareProbe } from './cut.ts';
import { probeNetwork } from './probe.ts';
import { addRules, newChain, removeRules } from './rules.ts';

/** Options of `slowNetwork`. */
export interface SlowOptions {
  /** Every packet that the nodes send is this late. Needs netem in the kernel. */
  readonly delay?: Seconds;
  /** Share of the packets from and to the nodes that are lost, above 0 and below 1, at random. */
  readonly loss?: number;
  /** Bytes a second that a node may send. */
  readonly rate?: number;
}

/**
 * Makes the network of nodes bad: between them and all other nodes of the swarm. Delay and rate hold for everything that they send.
 * `undo` restores it.
 * @throws DrillError `no-netem` (the lab is to blame) if the kernel can't delay packets; `usage` for an option out of range
 */
export async function slowNetwork(
  swarm: Swarm,
  targets: Targets,
  { delay, loss, rate }: SlowOptions,
): Promise<Reversible<Swarm>> {
  const nodes = findTargets(swarm, targets, 'slowNetwork');
  const others = swarm.nodes.filter((node) => !nodes.includes(node));
  requireValid({ delay, loss, rate }, others.length);
  const chain = newChain();
  const lossRules = others.flatMap(({ address }) =>
    [`-d ${address}`, `-s ${address}`].map(
      (packets) => `${packets} -m statistic --mode random --probability ${loss} -j DROP`,
    ),
  );
  const effects = [
    ...(delay === undefined ? [] : [`${delay * 1000} ms late`]),
    ...(loss === undefined ? [] : [`${loss * 100} % lost`]),
    ...(rate === undefined ? [] : [`${rate} bytes/s`]),
  ];
  const queue = queueFor(delay, rate);
  return causeReversible(
    {
      name: `slow the network of ${namesOf(nodes)}: ${effects.join(', ')}`,
      witnesses: [
        ...(delay === undefined ? [] : nodes.flatMap((node) => witnessDelay(node, others, delay))),
        ...(loss === undefined ? [] : nodes.flatMap((node) => witnessLoss(node, others, loss))),
        ...(rate === undefined ? [] : nodes.flatMap((node) => witnessRate(node, others, rate))),
      ],
      cause: () =>
        Promise.all(
          nodes.map(async (node) => {
            if (queue !== undefined) await addQueue(node, queue);
            if (loss !== undefined) await addRules(node, chain, lossRules);
          }),
        ),
      reverse: () =>
        Promise.all(
          nodes.map(async (node) => {
            if (queue !== undefined) await removeQueue(node);
            if (loss !== undefined) await removeRules(node, chain);
          }),
        ),
    },
    swarm,
  );
}

function requireValid(
  { delay, loss, rate }: { readonly [option in keyof SlowOptions]: SlowOptions[option] | undefined },
  others: number,
): void {
  const hint = 'Give `delay`, `loss` or `rate`, or several of them.';
  if (delay === undefined && loss === undefined && rate === undefined)
    throw usage('slowNetwork: expected at least one effect, got none', hint);
  if (delay !== undefined && delay < LEAST_DELAY)
    throw usage(`slowNetwork: expected a delay of at least ${LEAST_DELAY} s, got ${delay}`, hint);
  if (loss !== undefined && !(loss >= LEAST_LOSS && loss < 1))
    throw usage(`slowNetwork: expected a loss from ${LEAST_LOSS} to below 1, got ${loss}`, hint);
  if (rate !== undefined && !(rate >= LEAST_RATE && rate <= MOST_RATE))
    throw usage(`slowNetwork: expected ${LEAST_RATE} to ${MOST_RATE} bytes a second, got ${rate}`, hint);
  if (others === 0)
    throw usage('slowNetwork: no other node is left to measure with', 'Leave at least one node as it is.');
}

/** What a measurement can distinguish from a busy machine, and what it can send within a second. */
const LEAST_DELAY = 0.02;
const LEAST_LOSS = 0.05;
const LEAST_RATE = 10_000;
const MOST_RATE = 2_000_000;

/** The packets of one answer: a queue that holds more would delay them instead. */
const BURST = 16_384;

/** Arguments of `tc qdisc` for a queue, undefined if none is needed. */
function queueFor(delay: Seconds | undefined, rate: number | undefined): string | undefined {
  if (delay !== undefined)
    return `netem delay ${Math.round(delay * 1000)}ms limit 10000${rate === undefined ? '' : ` rate ${rate * 8}bit`}`;
  return rate === undefined ? undefined : `tbf rate ${rate * 8}bit burst ${BURST} latency 300ms`;
}

/** A shell script: `$1` is the address whose device is meant, the rest what to do with its queue. */
const TC = `set -eu
device=$(ip -oneline -family inet address show to "$1" | sed 's/^[0-9]*: *\\([^ ]*\\).*/\\1/')
shift
exec tc qdisc "$1" dev "$device" root $2`;

const tc = (node: Node, verb: 'replace' | 'delete', queue = ''): Promise<string> =>
  node.execInHelper({ argv: ['sh', '-c', TC, 'tc', node.address, verb, queue], shares: 'network' });

async function addQueue(node: Node, queue: string): Promise<void> {
  try {
    await tc(node, 'replace', queue);
  } catch (cause) {
    if (!(cause instanceof DrillError && /qdisc kind is unknown/.test(cause.output ?? ''))) throw cause;
    const kind = queue.split(' ')[0] ?? '';
    throw labFailure(`the kernel under ${node.name} has no ${kind}, which late or throttled packets need`, {
      code: `no-${kind}`,
      node: node.name,
      cause,
      hint: `On the machine with the Docker engine, install the kernel module sch_${kind} (on Ubuntu: linux-modules-extra-$(uname -r)) and run modprobe sch_${kind}. Loss needs neither.`,
    });
  }
}

/** A node that does not run, or was started again, has no queue. */
async function removeQueue(node: Node): Promise<void> {
  if (['gone', 'exited'].includes(await node.containerState())) return;
  await tc(node, 'delete').catch((error: unknown) => {
    if (!(error instanceof DrillError && /handle of zero|No such file/.test(error.output ?? ''))) throw error;
  });
}

/** Half the delay is far more than a busy machine adds. */
function witnessDelay(node: Node, others: readonly Node[], delay: Seconds): Witness[] {
  const measure = shareProbe([node, ...others], (all) => probeNetwork(all, { duration: 1 + 3 * delay }));
  const threshold = (delay * 1000) / 2;
  return others.map((other) => ({
    what: `round trip from ${node.name} to ${other.name}`,
    id: `${node.address} to ${other.address}`,
    async look() {
      const { roundTrip } = (await measure())(other, node);
      const isSlow = roundTrip === null || roundTrip > threshold;
      return {
        state: isSlow ? `over ${threshold} ms` : `under ${threshold} ms`,
        detail: roundTrip === null ? 'no answer' : `${roundTrip.toFixed(1)} ms`,
      };
    },
  }));
}

/** So many are lost on average, in one direction. */
const EXPECTED_LOSSES = 40;

function witnessLoss(node: Node, others: readonly Node[], loss: number): Witness[] {
  const count = Math.ceil(EXPECTED_LOSSES / loss);
  const measure = shareProbe([node, ...others], (all) => probeNetwork(all, { count, duration: 2 }));
  return others.flatMap((other) =>
    [
      [node, other],
      [other, node],
    ].map(([from, to]) => ({
      what: `packets from ${from?.name} to ${to?.name}`,
      id: `${from?.address} to ${to?.address}`,
      async look() {
        const { arrived } = (await measure())(from as Node, to as Node);
        // Half of what is expected: chance makes it less in one of 10,000 measurements.
        const isLossy = count - arrived > (count * loss) / 2;
        return {
          state: isLossy ? 'packets are lost' : 'packets arrive',
          detail: `${arrived} of ${count}`,
        };
      },
    })),
  );
}

/** Bytes of a datagram that is not divided. */
const DATAGRAM = 1400;
/** So much more than the rate is sent. */
const EXCESS = 4;

function witnessRate(node: Node, others: readonly Node[], rate: number): Witness[] {
  const other = others[0] as Node;
  const duration = 2;
  const count = Math.ceil((EXCESS * rate * (duration / 2)) / DATAGRAM);
  const measure = shareProbe([node, other], (all) =>
    probeNetwork(all, { count: Math.max(count, 60), size: DATAGRAM, duration }),
  );
  return [
    {
      what: `rate from ${node.name} to ${other.name}`,
      id: `${node.address} to ${other.address}`,
      async look() {
        const { bytesPerSecond } = (await measure())(node, other);
        const isSlow = bytesPerSecond === null || bytesPerSecond < (EXCESS * rate) / 2;
        return {
          state: isSlow ? 'throttled' : 'not throttled',
          detail: `${Math.round(bytesPerSecond ?? 0)} bytes/s`,
        };
      },
    },
  ];
}
