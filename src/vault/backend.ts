// A part of the vault that backup programs fill by themselves, whatever they speak with it.
import type { Account } from '../model/account.ts';

/** What a key is good for: adding, or reading. */
export type AccessMode = 'append' | 'read';

export interface Backend {
  /**
   * Lets a program in, with a key that is good for `side` alone.
   * @param secrets names of secrets of the vault's key ring that go along as files
   */
  account(side: AccessMode, secrets: readonly string[]): Promise<Account>;
  /** Makes what has arrived unchangeable for the side that brought it. */
  seal(): Promise<void>;
  /** Bytes on the vault's disk. */
  diskUsage(): Promise<number>;
  /** Everything that lies there by name, a line each, with a hash. */
  checksums(): Promise<string>;
}
