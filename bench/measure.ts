// How the bench measures: in turns, so that a slow minute of the machine meets every way alike.
import { randomBytes } from 'node:crypto';
import { monotonic } from '../src/support/clock.ts';
import { Scope } from '../src/support/scope.ts';

/** Of each measurement: `TURNS=n`, 5 when nothing is said. */
export const turns = Number(process.env['TURNS'] ?? 5);

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

export const id = (): string => `b${randomBytes(4).toString('hex')}`;

/** Seconds that `work` takes; what it opened in `scope` is closed outside of the measurement. */
export async function timed(work: (scope: Scope) => Promise<unknown>): Promise<number> {
  const scope = new Scope();
  const began = monotonic();
  try {
    await work(scope);
    return monotonic() - began;
  } finally {
    const errors = await scope.close();
    if (errors.length > 0) console.error(new AggregateError(errors, 'clean-up of a turn was not complete'));
  }
}

/** Median seconds of two ways that take turns, and the median of their ratios. */
export async function against(
  what: string,
  ours: (scope: Scope) => Promise<unknown>,
  plain: (scope: Scope) => Promise<unknown>,
): Promise<{ ours: number; plain: number; ratio: number }> {
  const seen: { ours: number; plain: number }[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const one = { ours: await timed(ours), plain: await timed(plain) };
    seen.push(one);
    console.log(`${what}, turn ${turn}: ours ${one.ours.toFixed(2)} s, plain ${one.plain.toFixed(2)} s`);
  }
  return {
    ours: median(seen.map((one) => one.ours)),
    plain: median(seen.map((one) => one.plain)),
    ratio: median(seen.map((one) => one.ours / one.plain)),
  };
}
