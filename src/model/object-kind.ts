// The kinds of object that a swarm, its nodes and its workloads hold. A check names the kinds that it compares.

export const OBJECT_KINDS = [
  'cluster identity',
  'join tokens',
  'nodes',
  'node labels',
  'services',
  'tasks',
  'networks',
  'secrets',
  'secret values',
  'configs',
  'volumes',
  'volume contents',
  'database rows',
  'database roles',
  'images',
  'plugins',
  'registry logins',
  'daemon configuration',
  'local networks',
  'containers outside of Swarm',
  'bind-mount sources',
  'published ports',
  'routing mesh',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
