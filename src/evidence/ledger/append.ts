// Adds an entry to the ledger: one writer at a time, on disk before it returns. Half a line that a crash left behind is cut off first,
// and the new entry says so.
import { type FileHandle, mkdir, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { utcNow } from '../../support/clock.ts';
import { withLock } from '../../support/lock.mjs';
import { sha256 } from '../../support/sha256.ts';
import { syncDirectory, writeAtomically } from '../../support/write-file.ts';
import { canonicalJson } from '../canonical.ts';
import { renderBundle, signPayload } from '../signing/bundle.ts';
import type { SigningKey } from '../signing/keys.ts';
import { LedgerEntry, type NewEntry } from './entry.ts';
import { LEDGER_FILE, LEDGER_HEAD_FILE, parseLedger } from './read.ts';

/** Of what the key signs after each entry: how many entries there are, and the hash of the last one. */
export const LEDGER_HEAD = 'application/vnd.swarm-drill.ledger-head+json';

/**
 * Appends `entry` to the ledger of `reports`, and signs the new head if there is a key.
 * The lock is between processes of one machine: two machines that write the same ledger over a network file system make a fork, which
 * `swarm-drill verify` finds.
 * @returns the entry as written
 * @throws what the file system says, e.g. ENOSPC; the ledger has no part of the entry then, or half of it, which the next one cuts off
 */
export async function appendEntry(reports: string, entry: NewEntry, key?: SigningKey): Promise<LedgerEntry> {
  await mkdir(reports, { recursive: true });
  const directory = await realpath(reports);
  const file = join(directory, LEDGER_FILE);
  return withLock(file, async () => {
    await using handle = await open(file, 'a+');
    const bytes = await handle.readFile();
    const end = bytes.lastIndexOf('\n') + 1;
    const torn = bytes.subarray(end);
    const { lines, head } = parseLedger(bytes.toString('utf8', 0, end));
    const whole = LedgerEntry.parse({
      at: utcNow(),
      ...entry,
      entry: lines + 1,
      previous: head,
      ...(torn.length > 0 && { torn: sha256(torn) }),
    });
    const line = canonicalJson(whole);
    await writeAt(handle, end, `${line}\n`);
    if (lines === 0) await syncDirectory(directory);
    if (key) {
      const state = canonicalJson({ entries: whole.entry, head: sha256(line), at: whole.at });
      await writeAtomically(
        join(directory, LEDGER_HEAD_FILE),
        renderBundle(signPayload(state, LEDGER_HEAD, key)),
      );
    }
    return whole;
  });
}

/** Writes `line` at `end`, in place of what is there. A line that did not fit is removed again. */
async function writeAt(handle: FileHandle, end: number, line: string): Promise<void> {
  await handle.truncate(end);
  try {
    await handle.writeFile(line);
    await handle.sync();
  } catch (error) {
    await handle.truncate(end).catch(() => undefined);
    throw error;
  }
}
