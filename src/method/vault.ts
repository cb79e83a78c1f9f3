// The vault: where artifacts are kept, outside of the swarm and of the lab's engine. What goes in is compressed, counted and
// hashed on its way; what comes out was compared with its hash first, whole.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { monotonic, utcNow } from '../support/clock.ts';
import { finding, reasonOf } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import type { ArtifactFact } from './artifact.ts';
import type { Claim, Method, OpenedArtifact } from './method.ts';

/** What `restore` holds of a backup: a way back, and nothing of the swarm that it was taken from. */
export interface Kept<Target, Result> {
  /** The artifact's name in the vault. */
  readonly name: string;
  /**
   * Compares the artifact with its hashes, then restores it.
   * @throws DrillError `artifact-damaged`, or what the method throws
   */
  restoreInto(target: Target): Promise<Result>;
}

interface Catalogue {
  readonly method: string;
  readonly claim: Claim;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export class Vault {
  readonly directory: string;
  readonly #onArtifact: (artifact: ArtifactFact) => void;
  #count = 0;

  /** @param directory made readable to its owner alone; artifacts of swarm state hold keys */
  constructor(directory: string, onArtifact: (artifact: ArtifactFact) => void) {
    this.directory = directory;
    this.#onArtifact = onArtifact;
  }

  /** Backs `source` up with `method`. @throws DrillError as the method does */
  async keep<Source, Target, Result>(
    method: Method<Source, Target, Result>,
    source: Source,
  ): Promise<Kept<Target, Result>> {
    const name = `${++this.#count}-${method.name.replaceAll(/\W+/g, '-')}`;
    return step(`back up with ${method.name}`, async () => {
      const began = monotonic();
      const home = join(this.directory, name);
      await mkdir(home, { recursive: true, mode: 0o700 });
      const files: Record<string, { bytes: number; sha256: string }> = {};
      const claim = await method.backup(source, async (file, content) => {
        files[file] = await store(content, join(home, file));
      });
      if (Object.keys(files).length === 0)
        throw finding(`${method.name} backed nothing up`, { code: 'empty-backup' });
      const catalogue: Catalogue = { method: method.name, claim, files };
      await writeFile(join(home, 'catalogue.json'), JSON.stringify(catalogue), { mode: 0o600 });
      const seconds = monotonic() - began;
      for (const [file, { bytes, sha256 }] of Object.entries(files))
        this.#onArtifact({
          method: method.name,
          name: `${name}/${file}`,
          bytes,
          sha256,
          createdAt: utcNow(),
          encrypted: false,
          seconds,
          cannotHold: method.cannotHold,
        });
      return {
        name,
        restoreInto: (target) =>
          step(`restore with ${method.name}`, async () => method.restore(await this.#open(name), target)),
      };
    });
  }

  async #open(name: string): Promise<OpenedArtifact> {
    const home = join(this.directory, name);
    const catalogue = await readCatalogue(home);
    await step('compare the artifact with its hash', async () => {
      for (const [file, expected] of Object.entries(catalogue.files))
        await compare(join(home, file), `${name}/${file}`, expected);
    });
    return {
      claim: catalogue.claim,
      open: (file) => createReadStream(join(home, file)).pipe(createZstdDecompress()),
    };
  }
}

async function readCatalogue(home: string): Promise<Catalogue> {
  try {
    return JSON.parse(await readFile(join(home, 'catalogue.json'), 'utf8')) as Catalogue;
  } catch (cause) {
    throw finding(`the vault's catalogue of the artifact can't be read: ${reasonOf(cause)}`, {
      code: 'artifact-damaged',
      cause,
    });
  }
}

async function store(content: Readable, path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const counted = counter(hash);
  await pipeline(
    content,
    createZstdCompress(),
    counted.stream,
    createWriteStream(`${path}.part`, { mode: 0o600 }),
  );
  await rename(`${path}.part`, path);
  return { bytes: counted.bytes(), sha256: hash.digest('hex') };
}

function counter(hash: Hash): { stream: Transform; bytes: () => number } {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
}

async function compare(
  path: string,
  name: string,
  expected: { readonly bytes: number; readonly sha256: string },
): Promise<void> {
  const damaged = (reason: string, cause?: unknown) =>
    finding(`the artifact ${name} is not what was stored: ${reason}`, {
      code: 'artifact-damaged',
      hint: 'nothing was restored from it; take another recovery point, and look at the store that it lay on',
      cause,
    });
  const size = await stat(path).then(
    ({ size: bytes }) => bytes,
    (cause: unknown) => {
      throw damaged(reasonOf(cause), cause);
    },
  );
  if (size !== expected.bytes) throw damaged(`${size} bytes instead of ${expected.bytes}`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  if (hash.digest('hex') !== expected.sha256) throw damaged('its SHA-256 differs');
}
