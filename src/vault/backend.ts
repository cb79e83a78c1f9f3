// A backend is one way into the vault for backup programs: an account over ssh, or a bucket.
import type { Account } from '../model/account.ts';

/** What a key permits: adding, or reading. */
export type AccessMode = 'append' | 'read';

export interface Backend {
  /**
   * Opens an account with a key that permits only `mode`.
   * @param secrets names of secrets of the vault's key ring that are passed along as files
   */
  account(mode: AccessMode, secrets: readonly string[]): Promise<Account>;
  /** Makes what has arrived immutable for the account that sent it. */
  seal(): Promise<void>;
  /** Returns the bytes used on the vault's disk. */
  diskUsage(): Promise<number>;
  /** Returns every stored file with a hash, one a line. */
  checksums(): Promise<string>;
}
