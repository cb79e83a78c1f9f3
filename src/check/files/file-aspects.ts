// Compares two entries aspect by aspect: whether an entry has the aspect, its value, and how a difference is worded.
import type { FILE_ASPECTS } from '../../model/aspect.ts';
import { nameOf, type Entry } from './entry.ts';

export type FileAspect = (typeof FILE_ASPECTS)[number];

/** One aspect that an entry has, with the difference if there is one. */
export interface Seen {
  readonly aspect: FileAspect;
  readonly difference?: string;
}

interface Row {
  readonly aspect: FileAspect;
  /** As in `mode was 0755, is 0644`. */
  readonly called: string;
  readonly has: (entry: Entry) => boolean;
  readonly value: (entry: Entry) => string;
}

const isOf =
  (...types: readonly string[]) =>
  ({ type }: Entry): boolean =>
    types.includes(type);
const isLink = isOf('l');
const isNoLink = (entry: Entry): boolean => !isLink(entry);
const isAcl = (name: string): boolean => name.startsWith('system.posix_acl_');
const isCapability = (name: string): boolean => name === 'security.capability';
const isOther = (name: string): boolean => !isAcl(name) && !isCapability(name);
const hasAttribute =
  (belongs: (name: string) => boolean) =>
  ({ attributes = {} }: Entry): boolean =>
    Object.keys(attributes).some(belongs);

/** The flags that only a privileged process may set: immutable and append-only. */
const locksOf = (flags: string): string => flags.replaceAll(/[^ia]/g, '');
const withoutLocks = (flags: string): string => flags.replaceAll(/[ia]/g, '');

/** Returns names and digests of attributes. */
const attributesOf = ({ attributes = {} }: Entry, belongs: (name: string) => boolean): string =>
  Object.keys(attributes)
    .filter(belongs)
    .map((name) => `${name} (${attributes[name]})`)
    .join(', ') || 'none';

/** Each difference belongs to one row. An aspect on one side only is a difference too. */
const ROWS: readonly Row[] = [
  {
    aspect: 'content',
    called: 'content',
    has: isOf('-', 'd'),
    value: ({ size, sha256 }) => (sha256 === undefined ? 'none' : `${size} bytes with SHA-256 ${sha256}`),
  },
  { aspect: 'owner', called: 'owner', has: () => true, value: ({ owner }) => owner },
  { aspect: 'mode', called: 'mode', has: isNoLink, value: ({ mode }) => `0${mode.slice(1)}` },
  {
    aspect: 'set-uid bits',
    called: 'set-uid mode',
    has: ({ mode }) => !mode.startsWith('0'),
    value: ({ mode }) => `${mode[0]}000`,
  },
  { aspect: 'symbolic links', called: 'target', has: isLink, value: ({ target = '' }) => nameOf(target) },
  { aspect: 'FIFOs', called: 'FIFO', has: isOf('p'), value: () => '' },
  { aspect: 'sockets', called: 'socket', has: isOf('s'), value: () => '' },
  { aspect: 'devices', called: 'device', has: isOf('b', 'c'), value: ({ device = 'none' }) => device },
  {
    aspect: 'hard links',
    called: 'number of names',
    has: ({ links }) => links !== undefined,
    value: ({ links = 1, first }) => (first === undefined ? `${links}` : `${links} (first ${nameOf(first)})`),
  },
  {
    aspect: 'extended attributes',
    called: 'attributes',
    has: hasAttribute(isOther),
    value: (entry) => attributesOf(entry, isOther),
  },
  {
    aspect: 'file capabilities',
    called: 'capability',
    has: hasAttribute(isCapability),
    value: (entry) => attributesOf(entry, isCapability),
  },
  {
    aspect: 'ACLs',
    called: 'ACL',
    has: hasAttribute(isAcl),
    value: (entry) => attributesOf(entry, isAcl),
  },
  {
    aspect: 'file flags',
    called: 'flags',
    has: ({ flags = '' }) => withoutLocks(flags) !== '',
    value: ({ flags = '' }) => withoutLocks(flags) || 'none',
  },
  {
    aspect: 'immutable files',
    called: 'protection',
    has: ({ flags = '' }) => locksOf(flags) !== '',
    value: ({ flags = '' }) => locksOf(flags) || 'none',
  },
  {
    aspect: 'sparse files',
    called: 'sparse',
    has: ({ sparse }) => sparse === true,
    value: ({ sparse }) => String(sparse === true),
  },
];

/** Compares an entry that exists on both sides. @param hasTime whether its time should be the same, too */
export function compareEntries(was: Entry, is: Entry, hasTime = true): Seen[] {
  if (was.type !== is.type)
    return [
      {
        // The one that methods may lose: a symbolic link that became a file, or the other way round.
        aspect: [was, is].map(presence).find((aspect) => aspect !== 'content') ?? 'content',
        difference: `was a ${TYPES[was.type] ?? was.type}, is a ${TYPES[is.type] ?? is.type}`,
      },
    ];
  const seen = ROWS.flatMap(({ aspect, called, has, value }) =>
    has(was) || has(is) ? compareValues(aspect, called, value(was), value(is)) : [],
  );
  // Last: a time is often different because something else is.
  if (hasTime) seen.push(...compareTimes(was.mtime, is.mtime));
  return was.path === '.' ? asRoot(seen) : seen;
}

/** Returns the aspect that a missing or additional entry counts for. */
export const presence = ({ type }: Entry): FileAspect => PRESENCE[type] ?? 'content';
const PRESENCE: Readonly<Record<string, FileAspect>> = {
  l: 'symbolic links',
  p: 'FIFOs',
  s: 'sockets',
  b: 'devices',
  c: 'devices',
};

/** Returns whether a difference in this aspect concerns what an entry is or holds, not only what is noted about it. */
export const isContent = (aspect: FileAspect): boolean =>
  aspect === 'content' || Object.values(PRESENCE).includes(aspect);

const TYPES: Readonly<Record<string, string>> = {
  '-': 'file',
  d: 'directory',
  l: 'symbolic link',
  p: 'FIFO',
  s: 'socket',
  b: 'block device',
  c: 'character device',
};

const compareValues = (aspect: FileAspect, called: string, was: string, is: string): Seen =>
  was === is ? { aspect } : { aspect, difference: `${called} was ${was}, is ${is}` };

const FRACTION = 'mtime below a second';

/** A time that was cut or rounded to seconds is less than one second off. A time that is entirely wrong does not count for the fraction. */
function compareTimes(was: string, is: string): Seen[] {
  const aspect = rangeOf(was);
  if (was === is) return was.endsWith('.000000000') ? [{ aspect }] : [{ aspect }, { aspect: FRACTION }];
  const difference = `mtime was ${moment(was)}, is ${moment(is)}`;
  const apart = nanoseconds(was) - nanoseconds(is);
  return apart > -SECOND && apart < SECOND
    ? [{ aspect }, { aspect: FRACTION, difference }]
    : [{ aspect, difference }];
}

/** Programs that count in 32 bits, or nanoseconds in 64 bits, lose times outside of what they can count. */
function rangeOf(mtime: string): FileAspect {
  const time = Number(mtime);
  if (time < 0) return 'mtime before 1970';
  if (time >= 2 ** 63 / 1e9) return 'mtime after 2262';
  return time >= 2 ** 31 ? 'mtime after 2038' : 'mtime';
}

const SECOND = 1_000_000_000n;
const parts = (mtime: string): [seconds: string, below: string] => mtime.split('.') as [string, string];
function nanoseconds(mtime: string): bigint {
  const [whole, below] = parts(mtime);
  return BigInt(whole) * SECOND + BigInt(below);
}
function moment(mtime: string): string {
  const [whole, below] = parts(mtime);
  const date = new Date(Number(whole) * 1000);
  return Number.isNaN(date.getTime()) ? `${mtime} s` : date.toISOString().replace('000Z', `${below}Z`);
}

/** Counts every difference of the volume's root directory, which backups often miss, as one aspect, except fractions of a second. */
function asRoot(seen: readonly Seen[]): Seen[] {
  const own = seen.filter(({ aspect }) => aspect !== FRACTION);
  const differences = own.flatMap(({ difference }) => difference ?? []);
  return [
    { aspect: 'root directory', ...(differences.length > 0 && { difference: differences.join('; ') }) },
    ...seen.filter(({ aspect }) => aspect === FRACTION),
  ];
}
