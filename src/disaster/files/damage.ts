// Files on the disk of a node that are damaged: some bytes differ, or the end is missing. The node may run or not.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Reversible } from '../../model/disaster.ts';
import { usage } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible } from '../cause.ts';
import { findTarget } from '../targets.ts';

const SCRIPT = readFileSync(join(import.meta.dirname, 'damage.py'), 'utf8');
const Hashes = z.record(z.string(), z.string());

/** What every file on a node's disk is below. */
const DATA_ROOT = '/var/lib/docker';

/** Options of `corruptFile`. */
export interface CorruptOptions {
  /** Paths below `/var/lib/docker`, which may be shell patterns: `/var/lib/docker/swarm/raft/wal-v3-encrypted/*.wal`. */
  readonly files: string | readonly string[];
  /** Where the damage begins, in bytes; a negative number counts from the end. Default 0. */
  readonly at?: number;
  /** How many bytes are inverted. Default 16. */
  readonly bytes?: number;
}

/** Options of `truncateFile`. */
export interface TruncateOptions {
  /** As for `corruptFiles`. */
  readonly files: string | readonly string[];
  /** How many bytes are left; or the share that is left, e.g. `50%`. */
  readonly to: number | `${number}%`;
}

/**
 * Inverts some bytes of files on a node. `undo` writes the files as they were before: of a running engine only those that it does not
 * write itself.
 * @param target a node, or its name
 * @throws DrillError `usage` for a path outside of the data root; `command-failed` if no file matches or one is too short
 */
export const corruptFiles = (
  swarm: Swarm,
  target: Node | string,
  { files, at = 0, bytes = 16 }: CorruptOptions,
): Promise<Reversible<Swarm>> =>
  damage(swarm, target, { verb: 'corrupt', files, settings: [String(at), String(bytes)] });

/** Cuts off the end of files on a node, as a power cut or a full disk does. Otherwise as `corruptFiles`. */
export const truncateFiles = (
  swarm: Swarm,
  target: Node | string,
  { files, to }: TruncateOptions,
): Promise<Reversible<Swarm>> => damage(swarm, target, { verb: 'truncate', files, settings: [String(to)] });

async function damage(
  swarm: Swarm,
  target: Node | string,
  {
    verb,
    files,
    settings,
  }: {
    readonly verb: 'corrupt' | 'truncate';
    readonly files: string | readonly string[];
    readonly settings: readonly string[];
  },
): Promise<Reversible<Swarm>> {
  const node = findTarget(swarm, target);
  const patterns = [files].flat().map((path) => belowDataRoot(path));
  const { path: disk } = swarm.site.volumeHelper(node.volume);
  // In the helper's own file system: it goes with the drill.
  const copies = `/tmp/copies-${randomBytes(4).toString('hex')}`;
  const run = async (...argv: readonly string[]) => {
    const [action, ...rest] = argv;
    const program = ['python3', '-c', SCRIPT, action ?? '', copies, disk, ...rest];
    return Hashes.parse(JSON.parse(await swarm.site.execInVolumeHelper(program)));
  };
  const paths = Object.keys(await run('look', ...patterns));
  return causeReversible(
    {
      name: `${verb} ${[files].flat().join(', ')} on ${node.name}`,
      witnesses: paths.map((path) => ({
        what: `${DATA_ROOT}${path} on ${node.name}`,
        id: path,
        look: async () => ({ state: `SHA-256 ${(await run('look', path))[path]?.slice(0, 16)}` }),
      })),
      cause: () => run(verb, ...settings, ...paths),
      reverse: () => run('restore', ...paths),
    },
    swarm,
  );
}

/** @returns the path on the disk */
function belowDataRoot(path: string): string {
  if (path.startsWith(`${DATA_ROOT}/`) && !path.split('/').includes('..'))
    return path.slice(DATA_ROOT.length);
  throw usage(`expected a path below ${DATA_ROOT}, got "${path}"`, `Name files below ${DATA_ROOT}.`);
}
