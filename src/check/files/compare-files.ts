// Compares two lists of entries in the same order: what is missing, what is new, what changed. Only one entry of each list is in
// memory at a time, and the directories that it is in.
import { FILE_ASPECTS, type Aspect } from '../../model/aspect.ts';
import type { AspectSeen } from '../../model/check.ts';
import { namesOwnWrite } from '../../model/own-writes.ts';
import { DifferenceList, type Difference } from './difference-list.ts';
import { isBefore, type Entry } from './entry.ts';
import { compareEntries, isContent, presence, type Seen } from './file-aspects.ts';

/** How two lists of entries differ. */
export interface Comparison {
  /** How many entries there were before. */
  readonly compared: number;
  /** How many entries are missing, new or changed in an aspect that is not declared as lost. */
  readonly mismatched: number;
  /**
   * A sentence for each of the first of them: missing, new, other content, other metadata. A missing or new directory is one, with
   * everything in it.
   */
  readonly differences: readonly string[];
  /** Every aspect that an entry has, including those declared as lost. */
  readonly aspects: readonly AspectSeen[];
  /** How many new entries are writes of swarm-drill itself. Neither they nor the times of their directories are differences. */
  readonly ownWrites: number;
}

/**
 * Compares two lists of entries that are in the same order.
 * @param loses aspects whose differences are counted in `aspects` only
 */
export async function compareFiles(
  before: AsyncIterable<Entry>,
  now: AsyncIterable<Entry>,
  { loses = [] }: { readonly loses?: readonly Aspect[] } = {},
): Promise<Comparison> {
  const tally = new Tally(loses);
  const [left, right] = [before[Symbol.asyncIterator](), now[Symbol.asyncIterator]()];
  const next = async (list: AsyncIterator<Entry>): Promise<Entry | undefined> => {
    const { done, value } = await list.next();
    return done ? undefined : value;
  };
  try {
    let [was, is] = [await next(left), await next(right)];
    while (was || is)
      if (was && is && was.path === is.path) {
        tally.both(was, is);
        [was, is] = [await next(left), await next(right)];
      } else if (was && !(is && isBefore(is, was))) {
        tally.missing(was);
        was = await next(left);
      } else if (is) {
        tally.extra(is);
        is = await next(right);
      }
  } finally {
    await Promise.all([left.return?.(), right.return?.()]);
  }
  return tally.result();
}

/** A directory on both sides, until everything in it was seen. */
interface OpenDirectory {
  readonly was: Entry;
  readonly is: Entry;
  hasOwnWrite: boolean;
}

const isIn = (path: string, directory: string): boolean =>
  directory === '.' ? path !== '.' : path.startsWith(`${directory}/`);
const parentOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.');

class Tally {
  #compared = 0;
  #ownWrites = 0;
  readonly #differences = new DifferenceList();
  readonly #aspects = new Map<Aspect, { compared: number; mismatched: number }>();
  readonly #loses: readonly Aspect[];
  /** From the root to the directory of the present entry. */
  readonly #open: OpenDirectory[] = [];
  /** The last directory that was missing or new. */
  #whole: Difference | undefined;

  constructor(loses: readonly Aspect[]) {
    this.#loses = loses;
  }

  both(was: Entry, is: Entry): void {
    this.#closeUpTo(was.path);
    this.#compared++;
    if (was.type === 'd' && is.type === 'd') this.#open.push({ was, is, hasOwnWrite: false });
    else this.#judge(was.path, compareEntries(was, is));
  }

  missing(was: Entry): void {
    this.#closeUpTo(was.path);
    this.#compared++;
    this.#onOneSide(was, 'missing', ' is missing');
  }

  extra(is: Entry): void {
    this.#closeUpTo(is.path);
    if (namesOwnWrite(is.path)) {
      this.#ownWrites++;
      const directory = this.#open.at(-1);
      if (directory?.was.path === parentOf(is.path)) directory.hasOwnWrite = true;
    } else this.#onOneSide(is, 'extra', ' was not there before');
  }

  result(): Comparison {
    this.#closeUpTo(undefined);
    return {
      compared: this.#compared,
      mismatched: this.#differences.count,
      differences: this.#differences.sentences(),
      aspects: FILE_ASPECTS.flatMap((aspect) => {
        const seen = this.#aspects.get(aspect);
        return seen ? { aspect, ...seen } : [];
      }),
      ownWrites: this.#ownWrites,
    };
  }

  /** Judges the directories that `path` is not in: a directory's time may differ because of what is in it. */
  #closeUpTo(path: string | undefined): void {
    for (let last = this.#open.at(-1); last; last = this.#open.at(-1)) {
      if (path !== undefined && isIn(path, last.was.path)) return;
      this.#open.pop();
      this.#judge(last.was.path, compareEntries(last.was, last.is, !last.hasOwnWrite));
    }
  }

  #judge(path: string, seen: readonly Seen[]): void {
    this.#count(seen);
    const differing = seen.filter(
      ({ aspect, difference }) => difference !== undefined && !this.#loses.includes(aspect),
    );
    if (differing.length === 0) return;
    const severity = differing.some(({ aspect }) => isContent(aspect)) ? 'content' : 'metadata';
    const what = differing.map(({ difference }) => difference).join('; ');
    this.#differences.add({ path, severity, what: `: ${what}`, within: 0 });
  }

  #onOneSide(entry: Entry, severity: 'missing' | 'extra', what: string): void {
    const aspect = presence(entry);
    this.#count([{ aspect, difference: what }]);
    if (this.#loses.includes(aspect)) return;
    if (this.#whole?.severity === severity && entry.path.startsWith(`${this.#whole.path}/`)) {
      this.#differences.addWithin(this.#whole);
      return;
    }
    const difference = { path: entry.path, severity, what, within: 0 };
    this.#whole = entry.type === 'd' ? difference : undefined;
    this.#differences.add(difference);
  }

  #count(seen: readonly Seen[]): void {
    for (const { aspect, difference } of seen) {
      const known = this.#aspects.get(aspect) ?? { compared: 0, mismatched: 0 };
      known.compared++;
      if (difference !== undefined) known.mismatched++;
      this.#aspects.set(aspect, known);
    }
  }
}
