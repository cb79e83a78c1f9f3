// Whether anything runs on a node: asked of the kernel, not of the node.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Node } from '../../swarm/node/node.ts';

const SCRIPT = readFileSync(join(import.meta.dirname, 'running-processes.py'), 'utf8');
const Answer = z.object({ running: z.number(), all: z.number() });

/** Counts the threads of the node and its tasks that ran within a moment (1 s), and all of them. */
export async function countRunning(node: Node): Promise<z.infer<typeof Answer>> {
  const output = await node.execInHelper({ argv: ['python3', '-c', SCRIPT], shares: 'processes' });
  return Answer.parse(JSON.parse(output));
}
