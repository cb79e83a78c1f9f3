// The differences between two lists of entries, worst first: what is missing, what is new, what has other content, other metadata.
import { nameOf } from './entry.ts';

const SEVERITIES = ['missing', 'extra', 'content', 'metadata'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Difference {
  readonly path: string;
  readonly severity: Severity;
  /** What follows the path in the sentence. */
  readonly what: string;
  /** Of a missing or new directory: how many entries are below it. */
  within: number;
}

/** Sentences kept: more than a person reads, and few enough to limit memory when everything differs. */
const KEPT = 1000;

/** Counts all differences and keeps the first of each severity. */
export class DifferenceList {
  #count = 0;
  readonly #kept: Record<Severity, Difference[]> = { missing: [], extra: [], content: [], metadata: [] };

  get count(): number {
    return this.#count;
  }

  add(difference: Difference): void {
    this.#count++;
    const kept = this.#kept[difference.severity];
    if (kept.length < KEPT) kept.push(difference);
  }

  /** Counts an entry that is in a directory which was added before. */
  addWithin(whole: Difference): void {
    this.#count++;
    whole.within++;
  }

  /** Returns the first sentences, the worst first. */
  sentences(): string[] {
    return SEVERITIES.flatMap((severity) => this.#kept[severity])
      .slice(0, KEPT)
      .map(describe);
  }
}

const describe = ({ path, what, within }: Difference): string =>
  `${nameOf(path)}${what}${within > 0 ? `, with ${within} ${within > 1 ? 'entries' : 'entry'} in it` : ''}`;
