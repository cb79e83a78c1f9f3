// A clock outside of this machine, and what happens if it does not answer: the run goes on, and its evidence says so.
import { reasonOf } from '../../support/errors.ts';

/** A time-stamp authority (RFC 3161). */
export interface TimeStampAuthority {
  readonly url: string;
  /**
   * Returns the DER of a token (ContentInfo) over the SHA-256 of `data`.
   * @throws DrillError `time-stamp` if the authority is not reachable, too slow, refuses, or answers something else
   */
  readonly stamp: (data: Uint8Array) => Promise<Uint8Array>;
}

export const NO_OUTSIDE_TIME = 'no outside time';

/** What came of asking for a token: neither without an authority. */
export interface Stamped {
  readonly token?: Uint8Array;
  /** Why there is no token, in one line. */
  readonly failure?: string;
}

export async function tryStamp(
  authority: TimeStampAuthority | undefined,
  data: Uint8Array,
): Promise<Stamped> {
  if (!authority) return {};
  try {
    return { token: await authority.stamp(data) };
  } catch (error) {
    return { failure: reasonOf(error) };
  }
}

/** Returns the warning for a failure; none if there was none. @param of e.g. `the plan` */
export const timeStampWarnings = (of: string, { failure }: Stamped): string[] =>
  failure === undefined
    ? []
    : [
        `${of} has no time-stamp: ${failure}\n` +
          'what to do: Check the URL under time-stamp in evidence.yml. The run goes on, and its evidence says "no outside time".',
      ];
