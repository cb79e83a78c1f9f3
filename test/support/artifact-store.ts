// Stores the files of one artifact in a local directory, for tests of a single method. Drills have the vault.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ContainerProcess } from '../../src/lab/engine/process.ts';
import type {
  ArtifactMetadata,
  ArtifactReader,
  ArtifactWriter,
  ContainerCommand,
} from '../../src/model/method.ts';
import { commandReason } from '../../src/support/command-reason.ts';
import { finding } from '../../src/support/errors.ts';

export interface ArtifactStore extends AsyncDisposable {
  /** Returns the path of a stored file: tests truncate it or flip its bits. */
  path(file: string): string;
  readonly writer: ArtifactWriter;
  reader(metadata: ArtifactMetadata): ArtifactReader;
}

async function requireSuccess(
  running: ContainerProcess,
  { argv: [program = ''] }: ContainerCommand,
): Promise<void> {
  const exitCode = await running.exitCode();
  if (exitCode !== 0)
    throw finding(commandReason(program, exitCode, running.stderr()), {
      code: `${program}-failed`,
      output: running.stderr(),
    });
}

export async function openArtifactStore(): Promise<ArtifactStore> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-artifact-'));
  const path = (file: string): string => join(home, file);
  const noAccount = (): Promise<never> => Promise.reject(new Error('an artifact store has no accounts'));
  return {
    path,
    writer: {
      put: (file, content) => pipeline(content, createWriteStream(path(file))),
      pipeFrom: async (file, command) => {
        const running = await command.node.startTool({ image: 'tools', network: 'host', ...command });
        await pipeline(running.io, createWriteStream(path(file)));
        await requireSuccess(running, command);
      },
      account: noAccount,
    },
    reader: (metadata) => ({
      metadata,
      open: (file) => createReadStream(path(file)),
      pipeTo: async (file, command) => {
        const running = await command.node.startTool({
          image: 'tools',
          network: 'host',
          ...command,
          input: createReadStream(path(file)),
        });
        running.io.resume();
        await requireSuccess(running, command);
      },
      account: noAccount,
    }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}
