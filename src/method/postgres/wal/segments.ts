// Names of Postgres' WAL segments, and how many of them follow each other without a gap.

const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;
const HISTORY = /^[0-9A-F]{8}\.history$/;

export const isSegment = (name: string): boolean => SEGMENT.test(name);
/** Whether the file says where a new timeline branched off. Such files are archived together with the segments. */
export const isHistory = (name: string): boolean => HISTORY.test(name);

/** Returns the name of the segment after `name` on the same timeline. */
export function nextSegment(name: string, segmentBytes: number): string {
  const [, timeline = '', log = '', segment = ''] = SEGMENT.exec(name) ?? [];
  const perLog = 2 ** 32 / segmentBytes;
  const next = Number.parseInt(log, 16) * perLog + Number.parseInt(segment, 16) + 1;
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  return timeline + hex(Math.floor(next / perLog)) + hex(next % perLog);
}

export interface SegmentChain {
  /** The segments that follow the base backup without a gap. */
  readonly contiguous: readonly string[];
  /** The first one that is missing. */
  readonly missing: string;
  /** Later segments of the same timeline. Recovery can't get to them. */
  readonly unreachable: readonly string[];
}

/**
 * Returns the chain of segments that begins after the segment `after`.
 * @param archived names of complete segments, in any order, of any timeline
 */
export function chainSegments(
  after: string,
  archived: readonly string[],
  segmentBytes: number,
): SegmentChain {
  const names = new Set(archived);
  const contiguous: string[] = [];
  let missing = nextSegment(after, segmentBytes);
  for (; names.has(missing); missing = nextSegment(missing, segmentBytes)) contiguous.push(missing);
  const timeline = after.slice(0, 8);
  const unreachable = archived.filter((name) => name.startsWith(timeline) && name > missing).sort();
  return { contiguous, missing, unreachable };
}
