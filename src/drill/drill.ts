// Declares a drill: validates its plan, names it after its file and registers it for runners.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';
import { usage } from '../support/errors.ts';
import type { Artifacts, Drill, Plan, Restored, Seeded } from './plan.ts';
import { register } from './registry.ts';
import { TAGS } from './tags.ts';

const MOST_MANAGERS = 7;
const MOST_WORKERS = 10;

/** Every drill has these functions. */
const REQUIRED_PHASES = ['seed', 'backup', 'drift', 'disaster', 'restore', 'verify'] as const;

/**
 * Declares the drill of the calling file; `drills/<name>.drill.ts` gives it its name, and a plan's variant a second part.
 * @throws DrillError `usage` if a phase is missing, or the variant, the tags, the topology or an objective is invalid
 */
export function drill<W extends Seeded, B, K extends Artifacts, S, R extends Restored>(
  title: string,
  plan: Plan<W, B, K, S, R>,
): Drill {
  const file = callingFile();
  const name = [basename(file).replace(/(\.drill|\.test)?\.ts$/, ''), plan.variant]
    .filter((part) => part !== undefined)
    .join('.');
  requirePhases(name, plan);
  validate(name, plan);
  // The five types are the author's; the runner passes each function what the one before it returned.
  const declared: Drill = { name, title, file, plan: plan as unknown as Plan };
  register(declared);
  return declared;
}

/** Returns the file that called `drill`: a path in plain Node.js, a path or URL under vitest. */
function callingFile(): string {
  const caller = getCallSites(3)[2]?.scriptName ?? '';
  return caller.startsWith('file:') ? fileURLToPath(caller) : caller;
}

/** The types say so, too, in a dozen errors of which none names the phase. */
function requirePhases(name: string, plan: Partial<Record<(typeof REQUIRED_PHASES)[number], unknown>>): void {
  const missing = REQUIRED_PHASES.filter((phase) => typeof plan[phase] !== 'function');
  if (missing.length === 0) return;
  const names = missing.map((phase) => `\`${phase}\``).join(', ');
  throw usage(
    `drill ${name}: ${missing.length === 1 ? `phase ${names} is` : `phases ${names} are`} missing`,
    'Add a function of that name to the plan; docs/writing-drills.md has an example of each.',
  );
}

function validate(
  name: string,
  {
    topology: { managers, workers },
    objectives,
    variant,
    tags,
    runsAlone,
  }: Pick<Plan, 'topology' | 'objectives' | 'variant' | 'tags' | 'runsAlone'>,
): void {
  const hint = `Correct the plan of the drill "${name}".`;
  if (variant !== undefined && !/^[a-z0-9-]+$/.test(variant))
    throw usage(`expected a variant of lower-case letters, digits and "-", got "${variant}"`, hint);
  if (!isWithin(managers, 1, MOST_MANAGERS))
    throw usage(`expected 1 to ${MOST_MANAGERS} managers, got ${managers}`, hint);
  if (!isWithin(workers, 0, MOST_WORKERS))
    throw usage(`expected 0 to ${MOST_WORKERS} workers, got ${workers}`, hint);
  if (tags && (tags.length === 0 || tags.some((tag) => !TAGS.includes(tag))))
    throw usage(`expected tags (one or several of ${TAGS.join(', ')}), got [${tags.join(', ')}]`, hint);
  if (runsAlone !== undefined && (typeof runsAlone !== 'string' || runsAlone.trim() === ''))
    throw usage(`expected the reason why the drill must run without others, got "${runsAlone}"`, hint);
  for (const [objective, value] of Object.entries(objectives))
    if (!(value > 0))
      throw usage(`expected an ${objective.toUpperCase()} above 0 seconds, got ${value}`, hint);
}

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
