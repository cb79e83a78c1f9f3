// Reads the journals of a run while they grow. The journal is the only channel between a drill and the programs that watch it.
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEvent } from '../../drill/events.ts';
import { parseJournal } from '../../report/journal-reader.ts';
import { JOURNAL_FILE } from '../../report/write.ts';

const CHUNK_BYTES = 64 * 1024;

/** Reads one journal up to its current end. The file need not exist yet. */
export class JournalTail {
  readonly #path: string;
  #file: number | undefined;
  #unread = Buffer.alloc(0);

  /** @param directory the drill's report directory */
  constructor(directory: string) {
    this.#path = join(directory, JOURNAL_FILE);
  }

  /** Returns the events since the last call. An incomplete line is kept until it is complete. */
  read(): JournalEvent[] {
    this.#file ??= openIfExists(this.#path);
    if (this.#file === undefined) return [];
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let bytes = 1; bytes > 0;) {
      bytes = readSync(this.#file, buffer);
      this.#unread = Buffer.concat([this.#unread, buffer.subarray(0, bytes)]);
    }
    const whole = this.#unread.lastIndexOf('\n') + 1;
    const text = this.#unread.toString('utf8', 0, whole);
    this.#unread = this.#unread.subarray(whole);
    return parseJournal(text).events;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function openIfExists(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
