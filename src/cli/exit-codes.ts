// Exit codes. Those of a verdict are in src/drill/verdict/verdict.ts.
import { DrillError } from '../support/errors.ts';

export const EXIT = {
  /** The backup or the restore failed, not this program. */
  finding: 1,
  inconclusive: 2,
  usage: 64,
  /** Another run is active on this machine, and nothing was started: EX_TEMPFAIL of sysexits.h. */
  busy: 75,
  /** Stopped by a second signal. */
  interrupted: 130,
} as const;

/** Returns the exit code for an error that ends a command. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof DrillError)) return EXIT.inconclusive;
  if (error.code === 'busy') return EXIT.busy;
  if (error.blame === 'usage') return EXIT.usage;
  return error.blame === 'finding' ? EXIT.finding : EXIT.inconclusive;
}
