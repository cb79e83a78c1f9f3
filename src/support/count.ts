// Numbers with their nouns.

/** Returns e.g. `1 node` or `3 nodes`. @param plural where an s is not enough */
export const count = (number: number, noun: string, plural = `${noun}s`): string =>
  `${number} ${number === 1 ? noun : plural}`;
