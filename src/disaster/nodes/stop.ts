// Nodes that are switched off, or that only stop answering. Their disks stay.
import type { Reversible } from '../../model/disaster.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import type { Node, StoppedNode } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible, type Witness } from '../cause.ts';
import { countRunning } from './running-processes.ts';
import { namesOf, splitTargets, type Targets } from '../targets.ts';

/** Options of `stopNodes`. */
export interface StopOptions {
  /** How long the containers of a node have to end before they are killed. Default 20 s. */
  readonly grace?: Seconds;
}

/** Shuts nodes down as an operator would: their tasks are stopped first. `undo` starts them on their disks. */
export const stopNodes = (
  swarm: Swarm,
  targets: Targets,
  { grace = seconds(20) }: StopOptions = {},
): Promise<Reversible<Swarm>> => switchOff(swarm, targets, 'stop', (node) => node.stop(grace));

/** Cuts the power of nodes: nothing on them ends cleanly. `undo` starts them on their disks. */
export const killNodes = (swarm: Swarm, targets: Targets): Promise<Reversible<Swarm>> =>
  switchOff(swarm, targets, 'kill', (node) => node.kill());

async function switchOff(
  swarm: Swarm,
  targets: Targets,
  verb: 'stop' | 'kill',
  end: (node: Node) => Promise<StoppedNode>,
): Promise<Reversible<Swarm>> {
  const { nodes, others } = splitTargets(swarm, targets, `${verb}Nodes`);
  const stopped = new Map<string, StoppedNode>();
  return causeReversible(
    {
      name: `${verb} ${namesOf(nodes)}`,
      witnesses: nodes.map(witnessContainer),
      cause: () => Promise.all(nodes.map(async (node) => stopped.set(node.name, await end(node)))),
      reverse: () =>
        Promise.all(
          [...stopped.values()].map(async (node) => {
            const started = await node.start();
            swarm.replace(started);
            others.replace(started);
          }),
        ),
    },
    others,
  );
}

/**
 * Freezes nodes, as a hypervisor that pauses them: no process runs, their tasks' included, and connections to them stay open. `undo`
 * lets them continue.
 */
export async function freezeNodes(swarm: Swarm, targets: Targets): Promise<Reversible<Swarm>> {
  const { nodes, others } = splitTargets(swarm, targets, 'freezeNodes');
  return causeReversible(
    {
      name: `freeze ${namesOf(nodes)}`,
      witnesses: nodes.map((node) => ({
        what: `processes of ${node.name}`,
        id: node.id,
        async look() {
          const { running, all } = await countRunning(node);
          return running > 0
            ? { state: 'running', detail: `${running} of ${all} threads ran` }
            : { state: 'frozen', detail: `none of ${all} threads ran` };
        },
      })),
      cause: () => Promise.all(nodes.map((node) => node.freeze())),
      reverse: async () => {
        for (const node of nodes) {
          if ((await node.containerState()) === 'paused') await node.thaw();
          others.replace(node);
        }
      },
    },
    others,
  );
}

const witnessContainer = (node: Node): Witness => ({
  what: `container of ${node.name}`,
  id: node.id,
  look: async () => ({ state: await node.containerState() }),
});
