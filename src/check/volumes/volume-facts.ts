// What the main process of a container may do with a volume that it mounts: a check as root would see a restore with the wrong owner
// as readable and writable.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from '../../lab/engine/process.ts';
import { commandReason } from '../../support/command-reason.ts';
import { DrillError } from '../../support/errors.ts';
import type { ServiceContainer } from './service-containers.ts';

const PROGRAM = readFileSync(join(import.meta.dirname, 'volume-facts.py'), 'utf8');

/** Facts of one volume, from the point of view of one user. */
export interface VolumeFacts {
  /** Of the root directory, as numbers: `999:999`. */
  readonly owner: string;
  /** Of the root directory, in octal. */
  readonly mode: string;
  /** Whether the user may create files in the root directory. */
  readonly isWritable: boolean;
  /** Files and directories, without the root directory and without symbolic links. */
  readonly entries: number;
  /** How many of the entries the user can't read. */
  readonly unreadable: number;
  /** How many of the entries the user can't write. */
  readonly unwritable: number;
}

/** Returns user, group and supplementary groups of the container's main process, which may have dropped those of its image. */
export async function readProcessUser({ node, inspection }: ServiceContainer): Promise<readonly string[]> {
  const status = await node.exec(['cat', `/proc/${inspection.State.Pid}/status`]);
  // Real, effective, saved and of the file system: what it may do depends on the second one.
  const effective = (name: string): string =>
    new RegExp(`^${name}:\\s+\\d+\\s+(\\d+)`, 'm').exec(status)?.[1] ?? '0';
  const groups = /^Groups:(.*)$/m.exec(status)?.[1]?.trim() ?? '';
  return [effective('Uid'), effective('Gid'), ...groups.split(/\s+/).filter(Boolean)];
}

/** Looks into a volume on the container's node. @throws DrillError `volume-unreadable` */
export async function readVolumeFacts(
  { node }: ServiceContainer,
  volume: string,
  user: readonly string[],
): Promise<VolumeFacts> {
  const argv = ['python3', '-c', PROGRAM, ...user];
  // Nothing is written, but a read-only mount would answer that no one may write.
  const running = await node.startTool({ argv, volumes: { [volume]: '/volume' } });
  const { stdout, stderr, exitCode } = await outputOf(running);
  if (exitCode !== 0)
    throw new DrillError(commandReason('volume-facts.py', exitCode, stderr), {
      code: 'volume-unreadable',
      node: node.name,
      output: stderr,
    });
  return JSON.parse(stdout) as VolumeFacts;
}
