// What a drill author can do for a swarm, or what is left of one: each is what an operator's runbook would say, prints its commands, and
// compares what it restored before it returns. Restoring swarm state is a method: `methods.swarmState()`.
export { attemptInVain, type Attempt } from './attempt.ts';
export { fenceNodes } from './fence-nodes.ts';
export { forceNewCluster, type ForceOptions } from './force-new-cluster.ts';
export { migrateManagers } from './migrate-managers.ts';
export { rebuildFromSources, type DeclaredSources } from './rebuild-from-sources.ts';
export { reconnectNodes } from './reconnect-nodes.ts';
export { rejoinNode } from './rejoin-node.ts';
export { relabel, type NodeLabels } from './relabel.ts';
export { replaceLostNodes, type ReplaceOptions } from './replace-lost-nodes.ts';
export { resetPassword, type PasswordReset } from './reset-password.ts';
export { switchVolume, type VolumeSwitch } from './switch-volume.ts';
