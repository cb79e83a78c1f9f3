// Defines a method: its limits are declared once, and its metadata is validated when an artifact is read back.
import { z } from 'zod';
import { ASPECTS, type Aspect } from '../model/aspect.ts';
import type { ArtifactMetadata, ArtifactReader, ArtifactWriter, Limit, Method } from '../model/method.ts';
import { finding } from '../support/errors.ts';

export interface MethodDefinition<Source, Target, Result, Metadata extends ArtifactMetadata> {
  /** The name of the exported function in words, e.g. `postgres dump`; options follow after a comma. */
  readonly name: string;
  readonly limits: readonly Limit[];
  /** Shape of what `backup` returns and `restore` is given. */
  readonly metadata: z.ZodType<Metadata>;
  /** @throws DrillError with blame `finding` when the tool failed */
  readonly backup: (source: Source, artifact: ArtifactWriter) => Promise<Metadata>;
  /** @throws DrillError with blame `finding` when the artifact can't be restored */
  readonly restore: (artifact: ArtifactReader<Metadata>, target: Target) => Promise<Result>;
}

/** Returns the method; its `restore` throws `metadata-damaged` before it touches anything when the metadata has another shape. */
export function defineMethod<Source, Target, Result, Metadata extends ArtifactMetadata>({
  name,
  limits,
  metadata,
  backup,
  restore,
}: MethodDefinition<Source, Target, Result, Metadata>): Method<Source, Target, Result> {
  return {
    name,
    limits: limits.map(({ sentence }) => sentence),
    loses: lostAspects(limits),
    backup,
    async restore(artifact, target) {
      const parsed = metadata.safeParse(artifact.metadata);
      if (!parsed.success)
        throw finding(`${name}: invalid artifact metadata: ${z.prettifyError(parsed.error)}`, {
          code: 'metadata-damaged',
          hint: 'Restore from another artifact, or with the version of swarm-drill that wrote this one.',
        });
      return restore({ ...artifact, metadata: parsed.data }, target);
    },
  };
}

/** Returns the aspects that the limits declare as lost, each once. */
export const lostAspects = (limits: readonly Limit[]): Aspect[] =>
  ASPECTS.filter((aspect) => limits.some(({ loses = [] }) => loses.includes(aspect)));
