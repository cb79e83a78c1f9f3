// The manifest of a base backup: which WAL the copy needs to be consistent. pg_verifybackup compares the files that it lists.
import { outputOrThrow } from '../../container/sidecar.ts';
import { runAsRoot, type Volume } from '../../container/volume.ts';
import type { WalPosition } from './position.ts';

/** The list of WAL is at the end of the manifest, which has a line for each file of the server. */
const TAIL = ['tail', '-c', '8192'];
const RANGE = /"Timeline": (\d+), "Start-LSN": "[^"]*", "End-LSN": "([^"]*)"/g;

/** Returns where the WAL of an unpacked base backup ends, for each of its timelines. */
export async function readManifestEnds(volume: Volume, path: string): Promise<WalPosition[]> {
  const argv = [...TAIL, `/volume/${path}/backup_manifest`];
  const end = outputOrThrow('tail', volume.node, 'base-damaged', await runAsRoot(volume, '/volume:ro', argv));
  return [...end.matchAll(RANGE)].map(([, timeline, lsn = '']) => ({ timeline: Number(timeline), lsn }));
}
