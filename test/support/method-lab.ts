// What tests of a single method share: a site and a store for artifacts, volumes of a one-node swarm, the errors that they expect, and
// streams that break.
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { runSidecar, outputOrThrow } from '../../src/method/container/sidecar.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { ArtifactReader, ArtifactWriter } from '../../src/model/method.ts';
import { openArtifactStore, type ArtifactStore } from './artifact-store.ts';
import { openTestSite, type TestSite } from './volumes.ts';

/** The site of a test file. Its members may be used in hooks and tests only. */
export interface MethodLab<Prepared> extends Pick<TestSite, 'swarm' | 'volume' | 'replaceNode'> {
  /** What `prepare` returned. */
  readonly prepared: Prepared;
  /** Empty at the beginning of each test. */
  readonly kept: ArtifactStore;
}

/** Starts a swarm of one node for the tests of a file, and prepares what they use without changing it. */
export function useMethodLab<Prepared = void>(
  drill: string,
  prepare: (site: TestSite) => Promise<Prepared>,
): MethodLab<Prepared> {
  let site: TestSite | undefined;
  let prepared: { readonly value: Prepared } | undefined;
  let kept: ArtifactStore | undefined;
  const opened = <T>(what: T | undefined): T => {
    if (what === undefined) throw new Error('the lab is only there in hooks and tests');
    return what;
  };
  beforeAll(async () => {
    site = await openTestSite(drill);
    prepared = { value: await prepare(site) };
  });
  afterAll(() => site?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    const store = await openArtifactStore();
    kept = store;
    return () => store[Symbol.asyncDispose]();
  });
  return {
    get swarm() {
      return opened(site).swarm;
    },
    get prepared() {
      return opened(prepared).value;
    },
    get kept() {
      return opened(kept);
    },
    volume: (name) => opened(site).volume(name),
    replaceNode: () => opened(site).replaceNode(),
  };
}

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

/** Returns the bytes with the lowest bit of one of them flipped. */
export function withFlippedBit(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

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
