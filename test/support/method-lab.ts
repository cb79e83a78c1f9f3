// What tests of a single method share: volumes of a one-node swarm, the errors that they expect, and streams that break.
import { Readable } from 'node:stream';
import { expect } from 'vitest';
import { runSidecar, outputOrThrow } from '../../src/method/container/sidecar.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { ArtifactReader, ArtifactWriter } from '../../src/model/method.ts';
import type { ArtifactStore } from './artifact-store.ts';

/** Matches a DrillError with this code that blames the backup or the restore. */
export const finding = (code: string) => ({ name: 'DrillError', blame: 'finding', code });

/** Returns what `work` throws. */
export const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error,
  );

export const expectFinding = async (work: Promise<unknown>, code: string): Promise<void> =>
  expect(await failureOf(work)).toMatchObject(finding(code));

/** Runs a shell script in the volume, as root. @returns its output */
export async function runInVolume({ swarm, node, name }: Volume, script: string): Promise<string> {
  const argv = ['sh', '-euc', `cd /volume\n${script}`];
  const image = swarm.imageOf('toolbox');
  const spec = { image, user: '0:0', argv, volumes: { [name]: '/volume' } };
  return outputOrThrow('sh', node, 'test', await runSidecar(node, spec));
}

export const filesIn = (volume: Volume): Promise<string> => runInVolume(volume, 'find . -mindepth 1');

const vaultFull = (): Error => Object.assign(new Error('the disk is full'), finding('vault-refused'));

/** A vault that stores no byte. */
export const fullVault: ArtifactWriter = {
  put: () => Promise.reject(vaultFull()),
  pipeFrom: () => Promise.reject(vaultFull()),
  account: () => Promise.reject(vaultFull()),
};

/** A vault that stores `file` only up to its first MiB, and everything else completely. */
export const fullDuring = (file: string, shelf: ArtifactStore): ArtifactWriter => ({
  ...shelf.writer,
  async put(name, content) {
    if (name !== file) return shelf.writer.put(name, content);
    let bytes = 0;
    for await (const chunk of content) {
      bytes += (chunk as Buffer).length;
      if (bytes > 2 ** 20) throw vaultFull();
    }
  },
});

/** Stores what it gets, and runs `action` between the first bytes and the rest. */
export const interruptedBy = (shelf: ArtifactStore, action: () => Promise<unknown>): ArtifactWriter => ({
  ...shelf.writer,
  put: (file, content) => shelf.writer.put(file, pausedAfterFirst(content, action)),
});

/** As `interruptedBy`, and then the vault is full. */
export const fullAfter = (
  shelf: ArtifactStore,
  action: () => Promise<unknown> = async () => {},
): ArtifactWriter =>
  interruptedBy(shelf, async () => {
    await action();
    throw vaultFull();
  });

const pausedAfterFirst = (content: Readable, action: () => Promise<unknown>): Readable =>
  content.compose(async function* (chunks: AsyncIterable<Buffer>) {
    let begun = false;
    for await (const chunk of chunks) {
      if (!begun) await action();
      begun = true;
      yield chunk;
    }
  }) as unknown as Readable;

/** The artifact, whose `file` breaks after its first bytes. */
export const brokenAfter = (artifact: ArtifactReader, file: string, bytes: number): ArtifactReader => ({
  ...artifact,
  open: (name) =>
    name === file
      ? Readable.from(
          (async function* () {
            let left = bytes;
            for await (const chunk of artifact.open(file)) {
              yield (chunk as Buffer).subarray(0, left);
              left -= (chunk as Buffer).length;
              if (left <= 0)
                throw Object.assign(new Error('the vault is gone'), finding('artifact-unreadable'));
            }
          })(),
          { objectMode: false },
        )
      : artifact.open(name),
});
