// Exit codes. Those of a verdict are in src/drill/verdict/verdict.ts.
export const EXIT = {
  /** The backup or the restore failed, not this program. */
  finding: 1,
  inconclusive: 2,
  usage: 64,
  /** Stopped by a second signal. */
  interrupted: 130,
} as const;
