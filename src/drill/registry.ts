// Which drills were declared in this process, and who wants to hear of the next.
import type { Drill } from './plan.ts';

const declared: Drill[] = [];
let listener: ((drill: Drill) => void) | undefined;

export function register(drill: Drill): void {
  declared.push(drill);
  listener?.(drill);
}

/** Every drill declared so far, in the order of declaration. */
export const drills = (): readonly Drill[] => declared;

/** From now on `listen` hears of each declaration: vitest makes a test of it. */
export function onDrill(listen: (drill: Drill) => void): void {
  listener = listen;
}
