// How many drills a machine can run side by side. Rough on purpose: the limit protects from swapping and from waits that time out.
import type { Drill } from '../../drill/plan.ts';
import type { Machine } from '../../lab/machine.ts';

const MEBIBYTE = 2 ** 20;
/** The process of a drill, its vault, and its share of the lab's engine. */
const DRILL_BYTES = 500 * MEBIBYTE;
/** A node: its engine, and its share of a workload. */
const NODE_BYTES = 250 * MEBIBYTE;
/** Of the available memory; the rest is for the file cache. */
const SHARE = 0.75;

/**
 * Returns how many of these drills the machine can run at one time: one per core, since a drill keeps a core busy for about half of its
 * time, and as many as have room in its memory. At least one.
 */
export function slotsOf({ cores, availableBytes }: Machine, drills: readonly Drill[]): number {
  const largest = Math.max(...drills.map(({ plan: { topology } }) => topology.managers + topology.workers));
  const byMemory = Math.floor((availableBytes * SHARE) / (DRILL_BYTES + largest * NODE_BYTES));
  return Math.max(1, Math.min(cores, byMemory));
}
