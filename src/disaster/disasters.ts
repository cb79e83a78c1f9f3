// The failures that a drill author can choose from. Each returns proof that it took hold and what survives; `undo` reverses it where that
// is possible. docs/disasters.md says what each needs and how it is proven.
export { changeAddresses } from './nodes/addresses.ts';
export { takeOverAuthority, type CertificateAuthority } from './certificates/authority.ts';
export { expireCertificates, type ExpireOptions } from './certificates/expire.ts';
export { combine } from './combine.ts';
export { destroyAllNodes, destroyNodes } from './nodes/destroy.ts';
export { fillDisk, type FillOptions } from './disk/fill.ts';
export { corruptFiles, truncateFiles, type CorruptOptions, type TruncateOptions } from './files/damage.ts';
export { cutNetwork, type CutOptions } from './network/cut.ts';
export { slowNetwork, type SlowOptions } from './network/slow.ts';
export { removeConfigs, removeSecrets, removeServices, removeStack, type Names } from './objects.ts';
export { demoteManagers, drainNodes } from './nodes/roles.ts';
export { changePassword, type PasswordServer } from './password.ts';
export { rotateAuthority, rotateJoinTokens, rotateUnlockKey } from './rotate.ts';
export { freezeNodes, killNodes, stopNodes, type StopOptions } from './nodes/stop.ts';
export type { Targets } from './targets.ts';
export { pruneVolumes, removeVolumes } from './volumes.ts';
