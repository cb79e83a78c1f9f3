// Causes a failure and proves it by observation: every object is looked at before and after, by the same function.
import type { Aftermath, ProofRow, Reversible } from '../model/disaster.ts';
import { seconds, type Seconds } from '../support/clock.ts';
import { DrillError } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step } from '../support/trace.ts';

/** What was seen of an object. Two observations with the same `state` are the same; `detail` is for people. */
export interface Sighting {
  readonly state: string;
  readonly detail?: string;
}

/** An object that a disaster changes, and how to look at it. */
export interface Witness {
  readonly what: string;
  readonly id: string;
  readonly look: () => Promise<Sighting>;
}

export interface Failure {
  /** Title of the step, e.g. `freeze worker-1`. */
  readonly name: string;
  /** What it changes: each of them must be seen to change. */
  readonly witnesses: readonly Witness[];
  readonly cause: () => Promise<unknown>;
  /** How long the effect may take after `cause` has returned. Default 10 s. */
  readonly limit?: Seconds;
}

const EFFECT_LIMIT = seconds(10);

/**
 * Causes the failure and waits until every witness has changed.
 * @returns a row for each witness. One that has not changed within the limit has the same text before and after: the runner refuses it
 */
export async function causeFailure(failure: Failure): Promise<readonly ProofRow[]> {
  return (await causeWitnessed(failure)).proof;
}

/** @returns the proof, and what was seen before */
async function causeWitnessed({
  name,
  witnesses,
  cause,
  limit,
}: Failure): Promise<{ readonly proof: readonly ProofRow[]; readonly before: readonly Sighting[] }> {
  const before = await step(`look at what is there before: ${name}`, () => lookAtAll(witnesses), {
    harness: true,
  });
  await step(name, cause);
  let after = before;
  const isChanged = (at: number): boolean => after[at]?.state !== before[at]?.state;
  await step(`prove: ${name}`, () =>
    waitUntil(
      `the effect: ${name}`,
      async () => {
        after = await lookAtAll(witnesses);
        const unchanged = witnesses.filter((_, at) => !isChanged(at)).map(({ what }) => what);
        return unchanged.length === 0 ? { done: true } : { notYet: `${unchanged.join(', ')} unchanged` };
      },
      { limit: limit ?? EFFECT_LIMIT },
    ).catch((error: unknown) => {
      // What has not changed is in the proof.
      if (!(error instanceof DrillError && error.code === 'wait-timeout')) throw error;
    }),
  );
  const proof = witnesses.map(({ what, id }, at) => ({
    what,
    id,
    before: describe(before[at]),
    after: isChanged(at) ? describe(after[at]) : describe(before[at]),
  }));
  return { proof, before };
}

const lookAtAll = (witnesses: readonly Witness[]): Promise<Sighting[]> =>
  Promise.all(witnesses.map(({ look }) => look()));

const describe = (seen: Sighting | undefined): string =>
  [seen?.state, seen?.detail].filter((part) => part !== undefined).join(', ');

export interface ReversibleFailure extends Failure {
  /** Reverses it. May be called again after it failed. */
  readonly reverse: () => Promise<unknown>;
}

/** Causes the failure; `undo` reverses it and waits until every witness is as it was before. */
export async function causeReversible<S>(failure: ReversibleFailure, survivors: S): Promise<Reversible<S>> {
  const { witnesses, reverse, name, limit } = failure;
  const { proof, before } = await causeWitnessed(failure);
  let undone: Promise<void> | undefined;
  const undo = async (): Promise<void> => {
    await step(`undo: ${name}`, reverse);
    await step(`prove the undo: ${name}`, () => requireOriginal(witnesses, before, { name, limit }));
  };
  return {
    proof,
    survivors,
    undo() {
      // A second call waits for the first; after a failure it tries again.
      undone ??= undo().catch((error: unknown) => {
        undone = undefined;
        throw error;
      });
      return undone;
    },
  };
}

async function requireOriginal(
  witnesses: readonly Witness[],
  original: readonly Sighting[],
  { name, limit = EFFECT_LIMIT }: Pick<Failure, 'name'> & { readonly limit: Seconds | undefined },
): Promise<void> {
  await waitUntil(
    `the end of the failure: ${name}`,
    async () => {
      const now = await lookAtAll(witnesses);
      const first = now.findIndex(({ state }, at) => state !== original[at]?.state);
      return first < 0
        ? { done: true }
        : {
            notYet: `${witnesses[first]?.what}: expected ${original[first]?.state}, got ${describe(now[first])}`,
          };
    },
    { limit },
  ).catch((cause: unknown) => {
    if (!(cause instanceof DrillError && cause.code === 'wait-timeout')) throw cause;
    throw new DrillError(`undo of "${name}": ${cause.message}`, {
      code: 'not-undone',
      hint: 'See the logs of the nodes in the report: the failure itself could not be reversed.',
      cause,
    });
  });
}

/** Proves a failure that nothing reverses. */
export const causeIrreversible = async <S>(failure: Failure, survivors: S): Promise<Aftermath<S>> => ({
  proof: await causeFailure(failure),
  survivors,
});
