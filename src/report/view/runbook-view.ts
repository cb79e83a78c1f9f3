// The commands of the restore as an operator types them, in the order in which they began, each with the time it took.
import type { Report, Step } from '../schema.ts';
import { formatTime, pluralize } from './format.ts';

/** Returns null if no step of the restore has a command. */
export function buildRunbook({ steps, marks }: Pick<Report, 'steps' | 'marks'>) {
  const commands = steps
    .filter(({ phase, harness }) => phase === 'restore' && !harness)
    .flatMap((step) => collectCommands(step, []))
    .sort((a, b) => a.step.offset - b.step.offset);
  if (commands.length === 0) return null;
  return {
    count: pluralize(commands.length, 'command'),
    rows: commands.map(({ step, within }, index) => ({
      number: index + 1,
      on: step.command?.on ?? '',
      line: step.command?.line ?? '',
      purpose: [...within, step.name].join(' › '),
      at: marks.disaster === null ? '' : formatTime(Math.max(0, step.offset - marks.disaster)),
      seconds: formatTime(step.seconds),
      overlaps: commands.some(({ step: other }, at) => at < index && endOf(other) - step.offset > OVERLAP),
      error: step.error,
    })),
  };
}

interface Command {
  readonly step: Step;
  /** Names of the steps around it, outermost first. */
  readonly within: readonly string[];
}

/** In seconds. Commands that overlap for less are one after the other. */
const OVERLAP = 0.01;

const endOf = ({ offset, seconds }: Step): number => offset + seconds;

const collectCommands = (step: Step, within: readonly string[]): Command[] => [
  ...(step.command ? [{ step, within }] : []),
  ...step.parts.flatMap((part) => collectCommands(part, [...within, step.name])),
];
