// The failures that a drill author can choose from. Each returns proof that it took hold and what survives; `undo` reverses it where that
// is possible. docs/disasters.md says what each needs and how it is proven.
export { combine } from './combine.ts';
export { destroyAllNodes, destroyNodes } from './destroy.ts';
export { corruptFiles, truncateFiles, type CorruptOptions, type TruncateOptions } from './files/damage.ts';
export { cutNetwork, type CutOptions } from './network/cut.ts';
export { removeConfigs, removeSecrets, removeServices, removeStack, type Names } from './objects.ts';
export { freezeNodes, killNodes, stopNodes, type StopOptions } from './stop.ts';
export type { Targets } from './targets.ts';
export { removeVolumes } from './volumes.ts';
