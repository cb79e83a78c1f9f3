// Random numbers that are the same in every run of a test.
import { createHash } from 'node:crypto';

export class Randomness {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Returns an integer of at least 0 and below `limit`, which is at most 2^48. */
  below(limit: number): number {
    const digest = createHash('sha256').update(`${this.#seed} ${this.#drawn++}`).digest();
    return digest.readUIntBE(0, 6) % limit;
  }
}
