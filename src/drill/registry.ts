// Which drills the files imported so far have declared. Declaring one runs nothing, unless a runner asked to be told.
import type { Drill } from './plan.ts';

const declared: Drill[] = [];
let registrar: (drill: Drill) => void = () => {};

/** Every drill declared in this process, in the order of their files' import. */
export const declaredDrills = (): readonly Drill[] => declared;

/** From now on `tell` hears of each drill as it is declared. */
export function onDrill(tell: (drill: Drill) => void): void {
  registrar = tell;
}

export function register(drill: Drill): void {
  declared.push(drill);
  registrar(drill);
}
