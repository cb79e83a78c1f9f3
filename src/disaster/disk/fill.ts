// A disk that is full. Only a disk of limited size is ever filled: the disk of the machine belongs to others.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Reversible } from '../../model/disaster.ts';
import { DrillError, usage } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible } from '../cause.ts';
import { findTargets, namesOf, type Targets } from '../targets.ts';

const SCRIPT = readFileSync(join(import.meta.dirname, 'fill-disk.py'), 'utf8');
const Answer = z.object({ free: z.number(), writable: z.boolean() });

const PLACES = { swarm: '/var/lib/docker/swarm', all: '/var/lib/docker' } as const;

/** Options of `fillDisk`. */
export interface FillOptions {
  /** The part whose size was limited when the node was started. Default `swarm`. */
  readonly part?: keyof typeof PLACES;
  /** Bytes that stay free. Default 0. */
  readonly leave?: number;
}

/** A program that needs less is not hindered. */
const TRIED_BYTES = 65_536;

/**
 * Fills the disk of nodes with a file, as logs do. `undo` removes that file, and nothing else.
 * @throws DrillError `usage` unless the topology of the drill limits that part (`limitedDisks`)
 */
export async function fillDisk(
  swarm: Swarm,
  targets: Targets,
  { part = 'swarm', leave = 0 }: FillOptions = {},
): Promise<Reversible<Swarm>> {
  const nodes = findTargets(swarm, targets, 'fillDisk');
  if (leave >= TRIED_BYTES)
    throw usage(
      `fillDisk: expected less than ${TRIED_BYTES} bytes to stay free, got ${leave}`,
      'Leave less: a disk with room for more is not full.',
    );
  for (const node of nodes) await requireLimited(node, part);
  return causeReversible(
    {
      name: `fill ${PLACES[part]} of ${namesOf(nodes)}`,
      witnesses: nodes.map((node) => ({
        what: `${PLACES[part]} of ${node.name}`,
        id: node.volume,
        async look() {
          const { free, writable } = await run(node, part, 'look', TRIED_BYTES);
          return { state: writable ? 'has room' : 'no space left on device', detail: `${free} bytes free` };
        },
      })),
      cause: () => Promise.all(nodes.map((node) => run(node, part, 'fill', leave))),
      reverse: () => Promise.all(nodes.map((node) => run(node, part, 'free', 0))),
    },
    swarm,
  );
}

/** Works in the file systems of the node as its processes see them. */
async function run(node: Node, part: keyof typeof PLACES, verb: string, bytes: number) {
  const argv = ['python3', '-c', SCRIPT, verb, `/proc/1/root${PLACES[part]}`, String(bytes)];
  return Answer.parse(JSON.parse(await node.execInHelper({ argv, shares: 'processes' })));
}

async function requireLimited(node: Node, part: keyof typeof PLACES): Promise<void> {
  try {
    await run(node, part, 'require-limited', 0);
  } catch (cause) {
    if (!(cause instanceof DrillError && cause.output?.includes('NOT-LIMITED'))) throw cause;
    throw usage(
      `fillDisk: ${PLACES[part]} of ${node.name} is not a disk of limited size`,
      `Add limitedDisks: { '${node.name}': { part: '${part}', bytes: 200e6 } } to the topology of the drill.`,
    );
  }
}
