// What the exit code says to whoever started us.
export const EXIT = {
  inconclusive: 2,
  usage: 64,
  /** Ended by a signal, the second time it was asked for. */
  interrupted: 130,
} as const;
