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

const isLink = ({ type }: Entry): boolean => type === 'l';
const isNoLink = ({ type }: Entry): boolean => type !== 'l';
const isAcl = (name: string): boolean => name.startsWith('system.posix_acl_');
const isNoAcl = (name: string): boolean => !isAcl(name);

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
    has: isNoLink,
    value: ({ size, sha256, device = 'none' }) =>
      sha256 === undefined ? device : `${size} bytes with SHA-256 ${sha256}`,
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
  {
    aspect: 'hard links',
    called: 'number of names',
    has: ({ links }) => links !== undefined,
    value: ({ links = 1, first }) => (first === undefined ? `${links}` : `${links} (first ${nameOf(first)})`),
  },
  {
    aspect: 'extended attributes',
    called: 'attributes',
    has: ({ attributes }) => attributes !== undefined && Object.keys(attributes).some(isNoAcl),
    value: (entry) => attributesOf(entry, isNoAcl),
  },
  {
    aspect: 'ACLs',
    called: 'ACL',
    has: ({ attributes }) => attributes !== undefined && Object.keys(attributes).some(isAcl),
    value: (entry) => attributesOf(entry, isAcl),
  },
  {
    aspect: 'sparse files',
    called: 'sparse',
    has: ({ sparse }) => sparse === true,
    value: ({ sparse }) => String(sparse === true),
  },
];

/** Compares an entry that exists on both sides. */
export function compareEntries(was: Entry, is: Entry): Seen[] {
  if (was.type !== is.type)
    return [
      {
        aspect: presence(isLink(is) ? is : was),
        difference: `was a ${TYPES[was.type] ?? was.type}, is a ${TYPES[is.type] ?? is.type}`,
      },
    ];
  const seen = compareTimes(was.mtime, is.mtime);
  for (const { aspect, called, has, value } of ROWS)
    if (has(was) || has(is)) seen.push(compareValues(aspect, called, value(was), value(is)));
  return was.path === '.' ? asRoot(seen) : seen;
}

/** Returns the aspect that a missing or additional entry counts for. */
export const presence = (entry: Entry): FileAspect => (isLink(entry) ? 'symbolic links' : 'content');

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
  if (was === is)
    return was.endsWith('.000000000') ? [{ aspect: 'mtime' }] : [{ aspect: 'mtime' }, { aspect: FRACTION }];
  const difference = `mtime was ${moment(was)}, is ${moment(is)}`;
  const apart = nanoseconds(was) - nanoseconds(is);
  return apart > -SECOND && apart < SECOND
    ? [{ aspect: 'mtime' }, { aspect: FRACTION, difference }]
    : [{ aspect: 'mtime', difference }];
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
