// The checks that a drill author can choose from: each compares the restored swarm with the baseline or with a number.
export { newNetworksFromPool } from './swarm/address-pool.ts';
export { nodesRunEngine } from './swarm/engine-version.ts';
export { attemptFailed } from './attempt-failed.ts';
export { filesMatch } from './files/files.ts';
export { identityMatches } from './swarm/identity.ts';
export { inventoryMatches } from './inventory.ts';
export { swarmLocked } from './swarm/locked.ts';
export { managersAtTheirAddresses } from './swarm/manager-addresses.ts';
export { managersReachable, survivesLeaderLoss } from './swarm/managers.ts';
export { mountedFilesMatch } from './mounted.ts';
export { newTaskHasItsFiles } from './swarm/new-task.ts';
export { rootCertificateStable } from './swarm/root-rotation.ts';
export { certificatesValid, nodesActive } from './swarm/nodes-active.ts';
export { routingMeshAnswers } from './routing-mesh.ts';
export { tasksRunning } from './tasks.ts';
export { dataInVolumes } from './volumes/data-in-volumes.ts';
export { mountedVolumesMatch } from './volumes/mounted-volumes.ts';
export { volumesPinned } from './volumes/pinned.ts';
