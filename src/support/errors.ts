// Errors that a person may see: reason first, then where, then the tool's output, then what to do.

/**
 * What an error says about the drill.
 * - `finding`: the backup or the restore is at fault; the drill is `not-recovered`.
 * - `harness`: this program is at fault, or nothing is known: the drill is `inconclusive`, unless the restore was under way.
 * - `lab`: the machine or the engine under the drill is at fault; the drill is `inconclusive` in every phase.
 * - `usage`: the request was invalid.
 */
export type Blame = 'finding' | 'harness' | 'lab' | 'usage';

export interface ErrorDetail {
  /** Stable identifier to switch on, e.g. `no-engine`, `wait-timeout`, `artifact-damaged`. */
  readonly code: string;
  readonly blame?: Blame;
  /** The command or API call that failed. */
  readonly command?: string;
  readonly node?: string;
  /** What the tool printed; cut to its last 4,000 characters. */
  readonly output?: string;
  /** What to do: an imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error with what a person needs: a stable code, who is to blame, where it happened, and what to do. */
export class DrillError extends Error {
  readonly code: string;
  readonly blame: Blame;
  readonly command: string | undefined;
  readonly node: string | undefined;
  readonly output: string | undefined;
  readonly hint: string | undefined;

  /** @param reason lower case, e.g. `expected 3 reachable managers, got 1 (m1)` */
  constructor(reason: string, detail: ErrorDetail) {
    super(reason, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'DrillError';
    this.code = detail.code;
    this.blame = detail.blame ?? 'harness';
    this.command = detail.command;
    this.node = detail.node;
    this.output = detail.output?.trim().slice(-4000);
    this.hint = detail.hint;
  }
}

/** Creates an error whose cause is the backup or the restore: a result of the drill, not a crash of the harness. */
export const finding = (reason: string, detail: Omit<ErrorDetail, 'blame'>): DrillError =>
  new DrillError(reason, { ...detail, blame: 'finding' });

/** Creates an error whose cause is the lab: what ran on it proves nothing about a backup. */
export const labFailure = (reason: string, detail: Omit<ErrorDetail, 'blame'>): DrillError =>
  new DrillError(reason, { ...detail, blame: 'lab' });

export const usage = (reason: string, hint: string): DrillError =>
  new DrillError(reason, { code: 'usage', blame: 'usage', hint });

/** Returns the error, then its causes: of an AggregateError those of each of its errors. */
export function causesOf(error: unknown): unknown[] {
  if (error instanceof AggregateError) return [error, ...error.errors.flatMap(causesOf)];
  const { cause } = error instanceof Error ? error : {};
  return cause === undefined ? [error] : [error, ...causesOf(cause)];
}

/** Returns what to do about the error: the hint of the first of its causes that has one. */
export const hintOf = (error: unknown): string | undefined =>
  causesOf(error)
    .filter((cause) => cause instanceof DrillError)
    .find(({ hint }) => hint !== undefined)?.hint;

/** Returns the error's reason and those of its causes on one line: for a log, a wait or a table cell. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : reasonOf(error.cause);
  const text = error.message.trim() || error.name;
  return (cause && !text.includes(cause) ? `${text}: ${cause}` : text).replaceAll(/\s+/g, ' ');
}

/** Returns the error for a terminal or a report's detail: reason, node, command, output and hint, each on separate lines. */
export function describeError(error: unknown): string {
  if (!(error instanceof DrillError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    reasonOf(error),
    error.node && `node: ${error.node}`,
    error.command && `command: ${error.command}`,
    error.output && `output:\n${error.output.replaceAll(/^/gm, '  ')}`,
    error.hint && `what to do: ${error.hint}`,
  ]
    .filter(Boolean)
    .join('\n');
}
