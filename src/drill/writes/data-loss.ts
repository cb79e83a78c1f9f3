// How far back acknowledged writes were lost: in words, and compared with the objective.
import { formatSeconds } from '../../support/clock.ts';

/** Null where it was not measured. */
export interface DataLoss {
  /** From the last write before the first lost one, to the disaster. */
  readonly rpaSeconds: number | null;
  /** The first acknowledged write is lost too, so that no write shows where the loss begins. */
  readonly rpaIsLowerBound: boolean;
  readonly lostWrites: number | null;
  readonly acknowledgedWrites: number;
}

/** Formats the RPA: `15.3 s`, or `everything lost, at least 15.3 s`. `unmeasured` stands for a missing one. */
export function formatRpa(
  { rpaSeconds, rpaIsLowerBound, lostWrites, acknowledgedWrites }: DataLoss,
  unmeasured: string,
): string {
  if (rpaSeconds === null) return unmeasured;
  const time = rpaSeconds === 0 ? '0 s' : formatSeconds(rpaSeconds);
  if (!rpaIsLowerBound) return time;
  return lostWrites === acknowledgedWrites ? `everything lost, at least ${time}` : `at least ${time}`;
}

/** Returns whether the loss reaches further back than the RPO allows. A lower bound meets no RPO, however small it is. */
export const missesRpo = ({ rpaSeconds, rpaIsLowerBound }: DataLoss, rpoSeconds: number): boolean =>
  rpaSeconds !== null && (rpaIsLowerBound || rpaSeconds > rpoSeconds);
