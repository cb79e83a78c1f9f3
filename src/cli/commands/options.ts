// Options that several commands share, and parsers that state what they expected and what they got.
import { InvalidArgumentError, Option } from 'commander';
import { SIZES, type Size } from '../../drill/plan.ts';
import { type Tag, TAGS } from '../../drill/tags.ts';
import { ENGINE_VERSIONS } from '../../lab/image/engine-versions.ts';
import { minutes, type Seconds, seconds } from '../../support/clock.ts';
import type { Shard } from '../select/shard.ts';

/** @throws InvalidArgumentError unless `text` is a number of seconds above 0 */
export function parseSeconds(text: string): Seconds {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError(`Expected a number of seconds above 0, got "${text}".`);
  return seconds(value);
}

/** Longer ones don't fit into a timer of Node.js. */
const MOST_MINUTES = 10_000;

/** @throws InvalidArgumentError unless `text` is a number of minutes above 0 and at most 10,000 */
export function parseMinutes(text: string): Seconds {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value > 0 && value <= MOST_MINUTES))
    throw new InvalidArgumentError(
      `Expected a number of minutes above 0 and at most ${MOST_MINUTES}, got "${text}".`,
    );
  return minutes(value);
}

/** @throws InvalidArgumentError unless `text` is a number of minutes of at least 0 and at most 10,000 */
export const parseWait = (text: string): Seconds => (text === '0' ? seconds(0) : parseMinutes(text));

/** @throws InvalidArgumentError unless `text` is one of the sizes */
export function parseSize(text: string): Size {
  const size = SIZES.find((known) => known === text);
  if (!size) throw new InvalidArgumentError(`Expected ${SIZES.join(', ')}, got "${text}".`);
  return size;
}

/** @throws InvalidArgumentError unless `text` is a whole number above 0 */
export function parseWholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError(`Expected a whole number above 0, got "${text}".`);
  return Number(text);
}

/** Adds one tag to those of earlier options. @throws InvalidArgumentError unless `text` is a tag */
export function collectTag(text: string, tags: readonly Tag[] = []): Tag[] {
  const tag = TAGS.find((known) => known === text);
  if (!tag) throw new InvalidArgumentError(`Expected ${TAGS.join(', ')}, got "${text}".`);
  return [...tags, tag];
}

/** @throws InvalidArgumentError unless `text` is a shard and a number of shards, e.g. `2/3` */
export function parseShard(text: string): Shard {
  const [, index = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > of)
    throw new InvalidArgumentError(`Expected a shard like 2/3, counted from 1, got "${text}".`);
  return { index, of };
}

/** Adds one file of metrics to those of earlier options. @throws InvalidArgumentError for a name with another ending */
function collectMetricsFile(text: string, files: readonly string[] = []): string[] {
  if (!/\.(prom|om)$/.test(text))
    throw new InvalidArgumentError(`Expected a file named *.prom or *.om, got "${text}".`);
  return [...files, text];
}

/** @throws InvalidArgumentError unless `text` is a date that exists, e.g. `2027-01-31` */
export function parseDate(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Some dates that do not exist are taken for the next month.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError(`Expected a date like 2027-01-31, got "${text}".`);
  return text;
}

/** @throws InvalidArgumentError unless `text` is the number of a file descriptor to read from */
export function parseDescriptor(text: string): number {
  if (!/^\d+$/.test(text) || text === '1' || text === '2')
    throw new InvalidArgumentError(`Expected the number of a file descriptor to read from, got "${text}".`);
  return Number(text);
}

export const engineOption = (): Option =>
  new Option(
    '--engine <host>',
    'Docker engine to use: unix:///var/run/docker.sock, tcp://host:2375, ssh://user@host, or a docker context (default: detected)',
  );

/** The same, and it can be given several times. */
export const enginesOption = (): Option =>
  new Option(
    '--engine <host>',
    `${engineOption().description.replace(' (default: detected)', '')}; repeat it to spread the drills over several (default: detected)`,
  ).argParser((host: string, hosts: readonly string[] | undefined) => [...(hosts ?? []), host]);

export const engineVersionOption = (): Option =>
  new Option(
    '--engine-version <version>',
    "engine version of the nodes, for drills that name none (default: the lab's own)",
  ).choices(ENGINE_VERSIONS);

export const jsonOption = (what: string): Option => new Option('--json', `print ${what} as JSON`);

export const signingKeyOption = (): Option =>
  new Option(
    '--signing-key <file>',
    'private key that signs the evidence (default: the file that SWARM_DRILL_SIGNING_KEY_FILE names, or none)',
  );

export const signingKeyFdOption = (): Option =>
  new Option('--signing-key-fd <number>', 'read that key from this file descriptor').argParser(
    parseDescriptor,
  );

export const metricsOption = (): Option =>
  new Option(
    '--metrics <file>',
    'also write metrics: Prometheus text to a file named *.prom, OpenMetrics to *.om (repeatable)',
  ).argParser(collectMetricsFile);

export const evidenceOption = (): Option =>
  new Option(
    '--evidence <file>',
    'what people state about the drills: system, owner, controls, people (default: evidence.yml, if there is one)',
  );

export const notifyOption = (): Option =>
  new Option('--notify <file>', 'who is informed, and when (default: the part `notify` of evidence.yml)');
