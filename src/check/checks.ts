// The checks that a drill author can choose from: each compares the restored swarm with the baseline or with a number.
export { sameFiles as filesMatch } from './files.ts';
export { sameInventory as inventoryMatches } from './inventory.ts';
export { managersReachable, survivesLossOfLeader as survivesLeaderLoss } from './managers.ts';
export { sameMountedBytes as mountedFilesMatch } from './mounted.ts';
export { routingMesh as routingMeshAnswers } from './routing-mesh.ts';
export { tasksReallyRun as tasksRunning } from './tasks.ts';
