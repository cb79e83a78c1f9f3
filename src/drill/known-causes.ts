// Waits whose cause is known: what an engine logs of it, when it lasted, and where the cause is discussed upstream.
import { roundToThousandths } from '../support/clock.ts';

/** Why something waited, as a node's log shows it. Times in seconds since the drill began. */
export interface KnownCause {
  readonly node: string;
  readonly name: string;
  /** Of the issue upstream. */
  readonly link: string;
  readonly from: number;
  readonly to: number;
}

interface Pattern {
  readonly name: (match: RegExpExecArray) => string;
  readonly link: string;
  readonly line: RegExp;
  /** A later line of the same log that ends the wait. Default: the line itself is its end. */
  readonly until?: RegExp;
  /** How long before the line the wait began, at most; in seconds. Default: it begins with the line. */
  readonly before?: (match: RegExpExecArray) => number;
}

/** Raft waits for 10 to 20 ticks of one second before it asks for an election. */
const ELECTION_TIMEOUT = 20;
/** NetworkDB's limit for the answer of a peer. */
const BULK_SYNC_LIMIT = 30;
/** The engine's limit for the answer of a registry. */
const REGISTRY_LIMIT = 15;

const PATTERNS: readonly Pattern[] = [
  {
    name: () =>
      "raft's election time-out: it could not elect at once, since membership changes were not applied yet",
    link: 'https://github.com/moby/moby/issues/24077',
    line: /cannot campaign at term \d+ since there are still \d+ pending configuration changes/,
    until: /became leader at term/,
  },
  {
    name: () => "raft's election time-out: the managers waited for a leader that was gone",
    link: 'https://github.com/moby/swarmkit/issues/2549',
    line: /raft\.node: \S+ lost leader/,
    before: () => ELECTION_TIMEOUT,
    until: /raft\.node: \S+ elected leader/,
  },
  {
    name: ([, peer]) =>
      `bulk sync of an overlay network: peer ${peer} did not answer within ${BULK_SYNC_LIMIT} s`,
    link: 'https://github.com/moby/moby/issues/47396',
    line: /Bulk sync to node (\S+) timed out/,
    before: () => BULK_SYNC_LIMIT,
  },
  {
    name: ([, limit]) => `stop grace period: a container ignored its stop signal for ${limit} s`,
    link: 'https://github.com/moby/moby/issues/18758',
    line: /Container (?:\w+ )?failed to exit within (\d+) ?s(?:econds)? of signal \d+ - using the force/,
    before: ([, limit]) => Number(limit),
  },
  {
    name: () => 'an image was looked up at a registry that did not answer',
    link: 'https://github.com/moby/moby/issues/23909',
    line: /(?:Attempting next endpoint for|Not continuing with) pull after error/,
    before: () => REGISTRY_LIMIT,
  },
];

/** A wait that is not over after this time has another cause. In seconds. */
const LONGEST = 60;

/**
 * Returns the known causes that a log shows; those that overlap are one.
 * @param toDrillTime turns a UTC time in milliseconds since 1970 into seconds since the drill began
 */
export function findKnownCauses(
  node: string,
  log: string,
  toDrillTime: (utc: number) => number,
): KnownCause[] {
  const lines = log.split('\n').map((text) => ({ text, t: timeOf(text) }));
  return PATTERNS.flatMap(({ name, link, line, until, before }) => {
    const causes: KnownCause[] = [];
    lines.forEach(({ text, t }, index) => {
      const match = line.exec(text);
      if (!match || t === undefined) return;
      const seen = toDrillTime(t);
      const end =
        until && lines.slice(index).find((later) => later.t !== undefined && until.test(later.text))?.t;
      if (until && end === undefined) return;
      const to = end === undefined ? seen : toDrillTime(end);
      if (to - seen > LONGEST) return;
      const from = roundToThousandths(seen - (before?.(match) ?? 0));
      const last = causes.at(-1);
      if (last && last.to >= from) causes[causes.length - 1] = { ...last, to: Math.max(last.to, to) };
      else causes.push({ node, name: name(match), link, from: Math.max(0, from), to });
    });
    return causes;
  });
}

/** Returns the time of a line of an engine's log, in milliseconds since 1970. */
function timeOf(line: string): number | undefined {
  const [, text] = /^time="([^"]+)"/.exec(line) ?? [];
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
