// A place for the files of one artifact, for tests of a single method. Drills have the vault.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ContainerProcess } from '../../src/lab/engine/process.ts';
import type {
  ArtifactMetadata,
  ArtifactWriter,
  ArtifactReader,
  ContainerCommand,
} from '../../src/model/method.ts';
import { finding } from '../../src/support/errors.ts';

export interface Shelf extends AsyncDisposable {
  /** Path of a file that was put: tests cut it or flip its bits. */
  path(file: string): string;
  readonly deposit: ArtifactWriter;
  opened(claim: ArtifactMetadata): ArtifactReader;
}

async function ended(running: ContainerProcess, { argv: [program = ''] }: ContainerCommand): Promise<void> {
  const exitCode = await running.exitCode();
  if (exitCode !== 0)
    throw finding(`${program} ended with exit code ${exitCode}`, {
      code: `${program}-failed`,
      output: running.stderr(),
    });
}

export async function shelf(): Promise<Shelf> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-shelf-'));
  const path = (file: string): string => join(home, file);
  const noAccount = (): Promise<never> => Promise.reject(new Error('a shelf has no accounts'));
  return {
    path,
    deposit: {
      put: (file, content) => pipeline(content, createWriteStream(path(file))),
      pipeFrom: async (file, end) => {
        const running = await end.node.tools(end);
        await pipeline(running.io, createWriteStream(path(file)));
        await ended(running, end);
      },
      account: noAccount,
    },
    opened: (claim) => ({
      metadata: claim,
      open: (file) => createReadStream(path(file)),
      pipeTo: async (file, end) => {
        const running = await end.node.tools({ ...end, input: createReadStream(path(file)) });
        running.io.resume();
        await ended(running, end);
      },
      account: noAccount,
    }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}
