// What a person may write on the command line, checked: each refusal says what was expected and what came.
import { InvalidArgumentError, Option } from 'commander';
import { SIZES, type Size } from '../../drill/plan.ts';
import { type Seconds, seconds } from '../../support/clock.ts';

/** @throws InvalidArgumentError unless `text` is a number of seconds above 0 */
export function parseSeconds(text: string): Seconds {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError(`Expected a number of seconds above 0, got "${text}".`);
  return seconds(value);
}

/** @throws InvalidArgumentError unless `text` is one of the sizes */
export function parseSize(text: string): Size {
  const size = SIZES.find((known) => known === text);
  if (!size) throw new InvalidArgumentError(`Expected ${SIZES.join(', ')}, got "${text}".`);
  return size;
}

/** @throws InvalidArgumentError unless `text` is the number of a descriptor that can be read */
export function parseDescriptor(text: string): number {
  if (!/^\d+$/.test(text) || text === '1' || text === '2')
    throw new InvalidArgumentError(`Expected the number of a descriptor to read from, got "${text}".`);
  return Number(text);
}

export const engineOption = (): Option =>
  new Option(
    '--engine <host>',
    'the Docker engine to use, e.g. unix:///var/run/docker.sock (default: found by itself)',
  );

export const jsonOption = (what: string): Option => new Option('--json', `print ${what} as JSON`);
