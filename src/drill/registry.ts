// Keeps the drills that the files imported so far have declared. Declaring a drill runs it only if a runner has subscribed.
import type { Drill } from './plan.ts';

const declared: Drill[] = [];
let notify: (drill: Drill) => void = () => {};

/** Returns every drill declared in this process, in the order of their files' import. */
export const declaredDrills = (): readonly Drill[] => declared;

/** Calls `subscriber` with each drill that is declared from now on. */
export function onDrillDeclared(subscriber: (drill: Drill) => void): void {
  notify = subscriber;
}

export function register(drill: Drill): void {
  declared.push(drill);
  notify(drill);
}
