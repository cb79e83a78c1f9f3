// Names the known cause of a wait: by time, the innermost steps that waited for it.
import type { KnownCause } from '../../drill/known-causes.ts';
import { roundToThousandths } from '../../support/clock.ts';
import type { Step } from '../schema.ts';

/** In seconds. Shorter waits need no explanation. */
const SHORTEST = 1;
/** Of the step's time. A step that did something else for most of its time did not wait for this. */
const LEAST_SHARE = 0.3;
/** In seconds: clocks of engines and of the drill are compared by UTC. */
const TOLERANCE = 0.5;

/** Returns the steps with the causes of their waits. */
export const nameCauses = (steps: readonly Step[], causes: readonly KnownCause[]): Step[] =>
  causes.reduce<Step[]>((named, cause) => named.map((step) => nameCause(step, cause)), [...steps]);

function nameCause(step: Step, cause: KnownCause): Step {
  const parts = step.parts.map((part) => nameCause(part, cause));
  if (parts.some((part, index) => part !== step.parts[index])) return { ...step, parts };
  const end = step.offset + step.seconds;
  const seconds = Math.min(end, cause.to) - Math.max(step.offset, cause.from);
  // What ended before the cause did was not held up by it.
  const outlasted = end >= cause.to - TOLERANCE;
  if (!outlasted || seconds < SHORTEST || seconds < LEAST_SHARE * step.seconds) return step;
  const { name, link, node } = cause;
  const found = { name, link, node, seconds: roundToThousandths(seconds) };
  // Several nodes may log the same cause; the longest is enough.
  const others = (step.causes ?? []).filter((other) => other.name !== name || other.seconds > seconds);
  if (others.some((other) => other.name === name)) return { ...step };
  return { ...step, causes: [...others, found] };
}
