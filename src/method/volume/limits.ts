// Limits that several methods share.
import type { Limit } from '../../model/method.ts';

export const CONCURRENT_WRITES: Limit = {
  sentence: 'a single point in time: files that change during the backup come from different moments',
};

export const NO_FLAGS: Limit = {
  sentence: 'flags of files that chattr sets, e.g. no-dump and immutable',
  loses: ['file flags', 'immutable files'],
};

export const NO_SOCKETS: Limit = { sentence: 'sockets', loses: ['sockets'] };

/** Of restic and borg. */
export const REPOSITORY_LIMITS: readonly Limit[] = [
  CONCURRENT_WRITES,
  { sentence: 'which zeros were written and which were a hole: long runs of zeros come back as holes' },
  NO_SOCKETS,
];
