// The aspects that a backup can restore or lose: methods declare them, checks see them, and the report's matrix compares the two.

/** Of the files of a volume. */
export const FILE_ASPECTS = [
  'content',
  'owner',
  'mode',
  'set-uid bits',
  'mtime',
  'mtime below a second',
  'mtime before 1970',
  'mtime after 2038',
  'mtime after 2262',
  'symbolic links',
  'hard links',
  'FIFOs',
  'sockets',
  'devices',
  'extended attributes',
  'file capabilities',
  'ACLs',
  'file flags',
  'immutable files',
  'sparse files',
  'root directory',
] as const;

/** Of a Postgres database. */
export const DATABASE_ASPECTS = ['rows', 'sequences', 'schema', 'roles and grants'] as const;

/** Of a Valkey or Redis server. */
export const KEY_VALUE_ASPECTS = ['keys', 'TTLs'] as const;

/** Of a swarm's own state. */
export const DEFINITION_ASPECTS = [
  'services',
  'replica counts',
  'published ports',
  'networks',
  'node labels',
  'secret values',
  'config values',
  'cluster identity',
] as const;

/** Of the artifacts in the vault. */
export const STORAGE_ASPECTS = ['encrypted in the vault'] as const;

export const ASPECTS = [
  ...FILE_ASPECTS,
  ...DATABASE_ASPECTS,
  ...KEY_VALUE_ASPECTS,
  ...DEFINITION_ASPECTS,
  ...STORAGE_ASPECTS,
] as const;
/** One property that a method may keep or lose. */
export type Aspect = (typeof ASPECTS)[number];
