// How an author declares a drill: checked as it is read, kept in the registry, and run by whoever reads the registry.
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';
import { usage } from '../support/errors.ts';
import type { Artifacts, Drill, Plan, Restored, Seeded, Topology } from './plan.ts';
import { register } from './registry.ts';

const SUFFIX = '.drill.ts';

/**
 * Declares the drill of this file, `<name>.drill.ts`. Importing the file does not run it.
 * @throws DrillError with blame `usage` when the plan can't be run
 */
export function drill<W extends Seeded, B, K extends Artifacts, S, R extends Restored>(
  title: string,
  plan: Plan<W, B, K, S, R>,
): Drill {
  const file = callerFile();
  const name = basename(file, SUFFIX);
  validTopology(name, plan.topology);
  for (const [objective, value] of Object.entries(plan.objectives))
    if (!(value > 0)) throw usage(`drill "${name}": expected ${objective} above 0 seconds, got ${value}`, `correct the objectives in ${relative(process.cwd(), file)}`);
  const declared: Drill = { name, title, file, plan: plan as unknown as Plan };
  register(declared);
  return declared;
}

/** The drill file on the stack; a module runner may give it as a path or as a URL. */
function callerFile(): string {
  const site = getCallSites().find(({ scriptName }) => scriptName.split('?')[0]?.endsWith(SUFFIX));
  if (!site) throw usage(`a drill was declared outside of a file that ends in ${SUFFIX}`, `move it to drills/<name>${SUFFIX}`);
  const path = site.scriptName.split('?')[0] ?? '';
  return path.startsWith('file:') ? fileURLToPath(path) : path;
}

function validTopology(name: string, { managers, workers }: Topology): void {
  const within = (value: number, low: number, high: number): boolean => Number.isInteger(value) && value >= low && value <= high;
  if (!within(managers, 1, 7)) throw usage(`drill "${name}": expected 1 to 7 managers, got ${managers}`, 'correct the topology of the drill');
  if (!within(workers, 0, 10)) throw usage(`drill "${name}": expected 0 to 10 workers, got ${workers}`, 'correct the topology of the drill');
}
