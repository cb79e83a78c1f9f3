// What the verifier says: for each of its twelve points whether it passed, what failed and where, or why it can't be shown.

export type Outcome = 'passed' | 'failed' | 'not shown' | 'not applicable';

/** One contradiction between the evidence and what it should be. */
export interface Problem {
  /** A file relative to the directory that is verified, a line of the ledger, or a drill. */
  readonly where: string;
  readonly what: string;
  readonly expected?: string;
  readonly got?: string;
}

/** One point, for one run or for the whole directory. */
export interface PointResult {
  readonly point: PointNumber;
  readonly title: string;
  /** Name of the run; null for a point about the whole directory. */
  readonly run: string | null;
  readonly outcome: Outcome;
  /** What was compared, in one line each. */
  readonly seen: readonly string[];
  readonly problems: readonly Problem[];
  /** What can't be decided from what is there, and why. */
  readonly notShown: readonly string[];
}

export const POINTS = {
  1: 'signature of a pinned key',
  2: 'time-stamps of a pinned authority',
  3: 'plan stamped before the first step, end after the last',
  4: 'digest of every file, and no other file',
  5: 'journals rendered again give the same reports',
  6: 'verdicts follow from the checks',
  7: 'ledger: no gap, no fork, no hidden run',
  8: 'drills ran as often as required',
  9: 'every kind of object compared or excluded',
  10: 'findings closed by a later, verified run',
  11: 'reviewer is another person than the operator',
  12: 'artifacts equal a file of the auditor',
} as const;
export type PointNumber = keyof typeof POINTS;

/** Collects what one point finds. */
export class Findings {
  readonly #seen: string[] = [];
  readonly #problems: Problem[] = [];
  readonly #notShown: string[] = [];
  #reasonToSkip = '';

  see(...lines: readonly string[]): void {
    this.#seen.push(...lines);
  }
  fail(...problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }
  /** Records something that can't be decided, with the reason and what to do. */
  cannotShow(...reasons: readonly string[]): void {
    this.#notShown.push(...reasons);
  }
  /** Makes the point not applicable, unless something fails. */
  skip(reason: string): void {
    this.#reasonToSkip = reason;
  }

  result(point: PointNumber, run: string | null): PointResult {
    const skipped = this.#reasonToSkip;
    const outcome =
      this.#problems.length > 0
        ? 'failed'
        : this.#notShown.length > 0
          ? 'not shown'
          : skipped
            ? 'not applicable'
            : 'passed';
    return {
      point,
      title: POINTS[point],
      run,
      outcome,
      seen: skipped ? [...this.#seen, skipped] : this.#seen,
      problems: this.#problems,
      notShown: this.#notShown,
    };
  }
}
