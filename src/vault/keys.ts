// The keys of a vault. They are made for one drill and exist in this process only, neither in the vault nor in the swarm: they are the
// second thing, after the backup itself, that must survive a disaster.
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { randomBytes } from 'node:crypto';
import { finding } from '../support/errors.ts';

export class KeyRing {
  /** An age recipient: it encrypts, and decrypts nothing. */
  readonly recipient: string;
  #identity: string | undefined;
  readonly #secrets = new Map<string, string>();

  private constructor(identity: string, recipient: string) {
    this.#identity = identity;
    this.recipient = recipient;
  }

  static async make(): Promise<KeyRing> {
    const identity = await generateIdentity();
    return new KeyRing(identity, await identityToRecipient(identity));
  }

  /** Returns the age identity that decrypts what was encrypted for `recipient`. @throws DrillError `key-lost` */
  get identity(): string {
    if (this.#identity === undefined) throw keyLost('the age identity of the vault');
    return this.#identity;
  }

  /** Returns the random password of that name, the same one every time. @throws DrillError `key-lost` */
  secret(name: string): string {
    if (this.#identity === undefined) throw keyLost(`the password "${name}"`);
    const known = this.#secrets.get(name) ?? randomBytes(24).toString('base64url');
    this.#secrets.set(name, known);
    return known;
  }

  /** Returns every secret, for tests that look for them where none may be. */
  get all(): readonly string[] {
    return [...(this.#identity === undefined ? [] : [this.#identity]), ...this.#secrets.values()];
  }

  /** Replaces the identity, as if that of another vault had been taken from the safe. */
  async replaceIdentity(): Promise<void> {
    this.#identity = await generateIdentity();
  }

  /** Forgets every key, as if the safe had burnt too. */
  lose(): void {
    this.#identity = undefined;
    this.#secrets.clear();
  }
}

const keyLost = (what: string) =>
  finding(`${what} is lost, and the backup can't be decrypted without it`, {
    code: 'key-lost',
    hint: 'Keep the keys of a vault where the loss of neither swarm nor vault takes them along.',
  });
