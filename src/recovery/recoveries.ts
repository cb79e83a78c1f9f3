// What a drill author can do for a swarm that lost some of its nodes and lives on. After a total loss, the restore of swarm state
// returns a swarm whose `removeLostMembers` does the corresponding work.
export { replaceLostNodes, type NodeLabels, type ReplaceOptions } from './replace-lost-nodes.ts';
