// The metadata of a git stack's artifact.
import { z } from 'zod';
import { RecordedRemote } from '../git/remote.ts';
import { StackSize } from './record.ts';
import { StackCommit } from './stack-files.ts';

export const GitStackMetadata = StackCommit.extend({
  /** Git's hash over every file, with its name and mode. */
  tree: z.string(),
  /** Number of files in the commit. */
  files: z.int(),
  branch: z.string().min(1),
  remote: RecordedRemote,
  /** SHA-256 of the compose files with all values filled in. */
  rendered: z.string(),
  /** Version of the docker CLI that filled them in. */
  docker: z.string(),
  /** SHA-256 of what all services ask for. */
  services: z.string(),
  /** How many objects the stack consists of. */
  size: StackSize,
  /** Directory on the nodes that the compose files were in; only if a service mounts a path relative to them. */
  directory: z.string().optional(),
  /** What services mount from there, relative to it. */
  binds: z.array(z.string()).default([]),
  /** Images that the compose files do not pin by digest; with the digest that ran, where the engine knew one. */
  unpinned: z.array(
    z.object({ service: z.string(), image: z.string().optional(), digest: z.string().optional() }),
  ),
  /** Secrets whose value is a file of the repository, readable by anyone who can read it. */
  secretsInRepository: z.array(z.string()),
});
export type GitStackMetadata = z.infer<typeof GitStackMetadata>;
