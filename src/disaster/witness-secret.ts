// How a disaster proves that a secret changed, without recording it.
import { createHmac, randomBytes } from 'node:crypto';
import type { Witness } from './cause.ts';

/** Differs in every process, so that a report can't be used to test guesses. */
const KEY = randomBytes(32);

/** Returns a witness whose state is a digest of what `read` returns. */
export const witnessSecret = (what: string, read: () => Promise<string>): Witness => ({
  what,
  id: what,
  look: async () => ({
    state: `digest ${createHmac('sha256', KEY)
      .update(await read())
      .digest('hex')
      .slice(0, 12)}`,
  }),
});
