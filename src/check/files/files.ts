// Compares the files of a volume with the baseline: content and all metadata, entry by entry.
import { FILE_ASPECTS, type Aspect } from '../../model/aspect.ts';
import type { Check, Exclusion } from '../../model/check.ts';
import { compareFiles } from './compare-files.ts';
import type { Entry } from './entry.ts';
import { readEntries, type FileManifest, type VolumeLocation } from './manifest.ts';

interface FilesOptions {
  /** Prefixes of paths that are not compared: the same ones as for the baseline. The check's result says how much that is. */
  readonly excluded?: readonly string[];
  /** Aspects that the method declares as lost: shown, and never a failure. */
  readonly loses?: readonly Aspect[];
}

/**
 * Compares content, type, mode with its set-uid bits, owner, times to the nanosecond, link targets, which names are one file,
 * attributes and ACLs, and holes.
 */
export const filesMatch = (
  place: () => Promise<VolumeLocation>,
  baseline: FileManifest,
  { excluded = [], loses = [] }: FilesOptions = {},
): Check => ({
  name: 'files match',
  required: true,
  doesNotProve: [
    'access and change times, which no archive restores',
    ...FILE_ASPECTS.filter((aspect) => loses.includes(aspect)).map(
      (aspect) => `${aspect}: declared as lost by the method`,
    ),
  ].join('; '),
  covers: ['volume contents'],
  async observe() {
    const [now, left] = [readEntries(await place(), excluded), new LeftOut()];
    const found = await compareFiles(baseline, left.counting(now), { loses });
    const { compared, mismatched, differences, aspects, ownWrites } = found;
    const lost = aspects
      .filter((seen) => loses.includes(seen.aspect) && seen.mismatched > 0)
      .map((seen) => `${seen.aspect} (${seen.mismatched} of ${seen.compared})`);
    return {
      // An empty volume has only its root directory.
      compared: compared > 1 ? compared : 0,
      mismatched,
      differences,
      aspects,
      excluded: [
        ...left.exclusions,
        {
          what: 'writes of swarm-drill itself after the restore, and the times of their directories',
          count: ownWrites,
        },
      ],
      ...(mismatched === 0 &&
        lost.length > 0 && {
          detail: `${compared} compared, all equal except what the method declares as lost: ${lost.join(', ')}`,
        }),
    };
  },
});

/** What a listing left out, known at its end. */
class LeftOut {
  exclusions: readonly Exclusion[] = [];

  async *counting(entries: AsyncGenerator<Entry, Exclusion[]>): AsyncGenerator<Entry> {
    this.exclusions = yield* entries;
  }
}
