// Compares two lists of entries in the same order: what is missing, what is new, what changed. Only one entry of each list is in
// memory at a time.
import { FILE_ASPECTS, type Aspect } from '../../model/aspect.ts';
import { compareEntries, presence, type Seen } from './file-aspects.ts';
import type { AspectSeen } from '../../model/check.ts';
import { isBefore, nameOf, type Entry } from './entry.ts';

/** How two lists of entries differ. */
export interface Comparison {
  /** How many entries there were before. */
  readonly compared: number;
  /** How many entries are missing, new or changed in an aspect that is not declared as lost. */
  readonly mismatched: number;
  /** A sentence for each of the first of them; a missing or new directory is one, with everything in it. */
  readonly differences: readonly string[];
  /** Every aspect that an entry has, including those declared as lost. */
  readonly aspects: readonly AspectSeen[];
}

/** Sentences kept: more than a person reads, and few enough to limit memory when everything differs. */
const KEPT = 1000;

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

interface Difference {
  readonly path: string;
  readonly what: string;
  /** Of a missing or new directory: how many entries are below it. */
  within: number;
}

class Tally {
  #compared = 0;
  #mismatched = 0;
  readonly #differences: Difference[] = [];
  readonly #aspects = new Map<Aspect, { compared: number; mismatched: number }>();
  readonly #loses: readonly Aspect[];
  /** The last directory that was missing or new. */
  #whole: Difference | undefined;

  constructor(loses: readonly Aspect[]) {
    this.#loses = loses;
  }

  both(was: Entry, is: Entry): void {
    this.#compared++;
    const seen = compareEntries(was, is);
    this.#count(seen);
    const differences = seen.flatMap(({ aspect, difference }) =>
      difference === undefined || this.#loses.includes(aspect) ? [] : difference,
    );
    if (differences.length > 0)
      this.#differ({ path: was.path, what: `: ${differences.join('; ')}`, within: 0 });
  }

  missing(was: Entry): void {
    this.#compared++;
    this.#onOneSide(was, ' is missing');
  }

  extra(is: Entry): void {
    this.#onOneSide(is, ' was not there before');
  }

  #onOneSide(entry: Entry, what: string): void {
    const aspect = presence(entry);
    this.#count([{ aspect, difference: what }]);
    if (this.#loses.includes(aspect)) return;
    if (this.#whole?.what === what && entry.path.startsWith(`${this.#whole.path}/`)) {
      this.#mismatched++;
      this.#whole.within++;
      return;
    }
    const difference = { path: entry.path, what, within: 0 };
    this.#whole = entry.type === 'd' ? difference : undefined;
    this.#differ(difference);
  }

  #count(seen: readonly Seen[]): void {
    for (const { aspect, difference } of seen) {
      const known = this.#aspects.get(aspect) ?? { compared: 0, mismatched: 0 };
      known.compared++;
      if (difference !== undefined) known.mismatched++;
      this.#aspects.set(aspect, known);
    }
  }

  #differ(difference: Difference): void {
    this.#mismatched++;
    if (this.#differences.length < KEPT) this.#differences.push(difference);
  }

  result(): Comparison {
    return {
      compared: this.#compared,
      mismatched: this.#mismatched,
      differences: this.#differences.map(sentence),
      aspects: FILE_ASPECTS.flatMap((aspect) => {
        const seen = this.#aspects.get(aspect);
        return seen ? { aspect, ...seen } : [];
      }),
    };
  }
}

const sentence = ({ path, what, within }: Difference): string =>
  `${nameOf(path)}${what}${within > 0 ? `, with ${within} ${within > 1 ? 'entries' : 'entry'} in it` : ''}`;
