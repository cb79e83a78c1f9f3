// A place for the files of one artifact, for tests of a single method. Drills have the vault.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Claim, Deposit, OpenedArtifact } from '../../src/method/method.ts';

export interface Shelf extends AsyncDisposable {
  /** Path of a file that was put: tests cut it or flip its bits. */
  path(file: string): string;
  readonly deposit: Deposit;
  opened(claim: Claim): OpenedArtifact;
}

export async function shelf(): Promise<Shelf> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-shelf-'));
  const path = (file: string): string => join(home, file);
  const noAccount = (): Promise<never> => Promise.reject(new Error('a shelf has no accounts'));
  return {
    path,
    deposit: {
      put: (file, content) => pipeline(content, createWriteStream(path(file))),
      account: noAccount,
    },
    opened: (claim) => ({ claim, open: (file) => createReadStream(path(file)), account: noAccount }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}
