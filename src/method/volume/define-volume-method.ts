// A method that backs up one volume. All of them record the volume's definition and contents, and compare both after a restore.
import { z } from 'zod';
import type { VolumeInspection } from '../../lab/engine/api.ts';
import type { ArtifactMetadata, ArtifactReader, ArtifactWriter, Limit } from '../../model/method.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import {
  compareContents,
  recordContents,
  volumeContents,
  type VolumeContents,
} from '../container/volume-contents.ts';
import { refuseRunningDatabase } from '../container/running-database.ts';
import { definitionOf, volumeDefinition, type VolumeDefinition } from '../container/volume-definition.ts';
import { requireFilledVolume, type Volume, type VolumeMethod } from '../container/volume.ts';
import { defineMethod, lostAspects } from '../define.ts';

const common = volumeDefinition.extend({ volume: z.string().min(1), contents: volumeContents });

/** Metadata of every artifact of a volume, with what the method adds. */
export type VolumeMetadata<Own> = z.infer<typeof common> & Own;

export interface VolumeMethodDefinition<Own extends ArtifactMetadata> {
  readonly name: string;
  readonly limits: readonly Limit[];
  /** Shape of what `backup` returns. */
  readonly metadata: z.ZodType<Own>;
  /** The method stops services between the start of the copy and its end, so what runs before is of no interest. Default false. */
  readonly stopsServices?: boolean;
  /** What has to be true before the volume is inspected. @throws DrillError with blame `finding` */
  readonly preflight?: (volume: Volume) => Promise<void>;
  /** @param copying runs what copies `source`, the volume or a snapshot of it; must be called once */
  readonly backup: (
    volume: Volume,
    artifact: ArtifactWriter,
    context: {
      readonly inspection: VolumeInspection;
      readonly copying: (source: Volume, copy: () => Promise<void>) => Promise<void>;
    },
  ) => Promise<Own>;
  /** @param filling creates the volume as it was, or with another definition, runs what fills it, and compares it; must be called once */
  readonly restore: (
    artifact: ArtifactReader<VolumeMetadata<Own>>,
    volume: Volume,
    filling: (fill: () => Promise<unknown>, other?: Partial<VolumeDefinition>) => Promise<void>,
  ) => Promise<void>;
}

export function defineVolumeMethod<Own extends ArtifactMetadata>({
  name,
  limits,
  metadata,
  stopsServices = false,
  preflight,
  backup,
  restore,
}: VolumeMethodDefinition<Own>): VolumeMethod {
  const loses = lostAspects(limits);
  return defineMethod({
    name,
    limits,
    metadata: z.intersection(common, metadata),

    async backup(volume: Volume, artifact) {
      await preflight?.(volume);
      const inspection = await requireFilledVolume(volume);
      let contents: VolumeContents | undefined;
      const own = await backup(volume, artifact, {
        inspection,
        copying: async (source, copy) => {
          // A snapshot is a volume with another name that no server uses.
          if (!stopsServices) await refuseRunningDatabase(source);
          contents = await recordContents(source, artifact, loses, copy);
        },
      });
      if (!contents) throw new Error(`${name}: the backup recorded no contents`);
      return { volume: volume.name, ...definitionOf(inspection), contents, ...own };
    },

    restore: (artifact: ArtifactReader<VolumeMetadata<Own>>, volume: Volume) =>
      restore(artifact, volume, (fill, other) =>
        restoreIntoEmptyVolume(volume, { ...artifact.metadata, ...other }, async () => {
          await fill();
          await compareContents(volume, artifact, loses);
        }),
      ),
  });
}
