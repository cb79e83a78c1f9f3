// What the exit code says to whoever started us.
export const EXIT = {
  /** Of the backup or the restore, not of us. */
  finding: 1,
  inconclusive: 2,
  usage: 64,
  /** Ended by a signal, the second time it was asked for. */
  interrupted: 130,
} as const;
