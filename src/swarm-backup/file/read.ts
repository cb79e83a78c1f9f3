// Reads a swarm file. It counts as complete only when every byte was compared.
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import type { Header } from 'tar-stream';
import { z } from 'zod';
import { DrillError, finding, reasonOf } from '../../support/errors.ts';
import { type Content, eachEntry, matchEntries } from './entries.ts';
import { type FileFact, FORMAT, type Manifest, manifestSchema, missingParts, VERSION } from './manifest.ts';
import { type OpeningKey, openSealed } from './seal.ts';
import type { SwarmFileSource } from './target.ts';
import { runLinked } from '../../support/linked-streams.ts';
import { MANIFEST } from './write.ts';

/** Bytes. A manifest is some 10 KB; nothing larger is read into memory. */
const MANIFEST_LIMIT = 16 * 1024 * 1024;

/**
 * Reads a swarm file to its end and compares everything in it with its manifest. Nothing in it may be trusted before this
 * returns.
 * @param take receives each file; the default skips them
 * @throws DrillError `wrong-key`, `not-a-swarm-file`, `file-damaged`, `incomplete`
 */
export async function readSwarmFile(
  source: SwarmFileSource,
  key: OpeningKey,
  take: (fact: FileFact, content: Content) => Promise<void> = skip,
): Promise<Manifest> {
  const { name } = source;
  const damaged = (reason: string, cause?: unknown): DrillError =>
    finding(`${name} is damaged: ${reason}`, {
      code: 'file-damaged',
      hint: 'Fetch it again from where it is stored, or use an older one.',
      cause,
    });
  const plain = await openSealed(source.open(), key, name);
  const decompressed = createZstdDecompress();
  let manifest: Manifest | undefined;
  let matcher = matchEntries([], damaged);
  try {
    await runLinked(
      (signal) => pipeline(plain, decompressed, { signal }),
      () =>
        eachEntry(decompressed, async (header, content) => {
          if (!manifest) {
            manifest = await readManifest(header, content, name);
            matcher = matchEntries(manifest.files, damaged);
            return;
          }
          const fact = matcher.next(header);
          await take(fact, matcher.compared(fact, content));
        }),
    );
  } catch (cause) {
    if (cause instanceof DrillError || (cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
    if ((cause as Error).name === 'AbortError') throw cause;
    throw damaged(reasonOf(cause), cause);
  }
  if (!manifest) throw damaged('it is empty');
  matcher.end();
  return manifest;
}

async function skip(_fact: FileFact, content: Content): Promise<void> {
  for await (const _chunk of content);
}

async function readManifest(header: Header, content: Content, name: string): Promise<Manifest> {
  const foreign = (reason: string, hint: string): DrillError =>
    finding(`${name} is not a swarm file: ${reason}`, { code: 'not-a-swarm-file', hint });
  const ours = 'Give the file that `swarm-drill swarm backup` wrote.';
  if (header.name !== MANIFEST || (header.size ?? 0) > MANIFEST_LIMIT)
    throw foreign(`expected ${MANIFEST} first, got ${header.name} of ${header.size ?? 0} bytes`, ours);
  let json: unknown;
  try {
    json = JSON.parse((await buffer(content)).toString('utf8'));
  } catch (cause) {
    throw foreign(`its manifest can't be read: ${reasonOf(cause)}`, ours);
  }
  const { format, version } = json as { format?: unknown; version?: unknown };
  if (format === FORMAT && version !== VERSION)
    throw foreign(
      `its version is ${String(version)}`,
      `This swarm-drill reads version ${VERSION}. Use a newer one.`,
    );
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw foreign(z.prettifyError(parsed.error).replaceAll('\n', ' '), ours);
  const missing = missingParts(parsed.data.files);
  if (missing.length > 0)
    throw finding(`${name} is incomplete: ${missing.join(', ')} missing, so the engine can't use it`, {
      code: 'incomplete',
      hint: 'Use another backup.',
    });
  return parsed.data;
}
