// What an operator types to fill a volume as a method does, for a report's runbook.
import { commandLine } from '../../support/shell.ts';
import { type StepOptions, typed } from '../../support/trace.ts';
import type { Volume } from './volume.ts';

interface TypedCommand {
  /** Where the container mounts the volume. */
  readonly at: string;
  /** E.g. `<postgres image>`. */
  readonly image: string;
  readonly argv: readonly string[];
  /** File of the artifact that the program reads, fetched from the vault. Default none. */
  readonly input?: string;
}

/** A program in a container that mounts the volume. */
export const typedInContainer = (
  { node, name }: Pick<Volume, 'node' | 'name'>,
  { at, image, argv, input }: TypedCommand,
): StepOptions =>
  typed(
    node,
    `docker run --rm${input === undefined ? '' : ' -i'} -v ${name}:${at} ${image} ${commandLine(argv)}${input === undefined ? '' : ` <${input}`}`,
  );
