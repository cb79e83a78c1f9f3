// The keys of a vault. They are made for one drill, live in this process alone, and are in no vault and no swarm: what must survive
// a disaster beside the backup itself.
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { randomBytes } from 'node:crypto';
import { finding } from '../support/errors.ts';

export class KeyRing {
  /** An age recipient: whoever has it can encrypt, and read nothing. */
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

  /** The age identity that opens what was encrypted for `recipient`. @throws DrillError `key-lost` */
  get identity(): string {
    if (this.#identity === undefined) throw lost('the age identity of the vault');
    return this.#identity;
  }

  /** A random password of that name: the same one whenever it is asked for. @throws DrillError `key-lost` */
  secret(name: string): string {
    if (this.#identity === undefined) throw lost(`the password "${name}"`);
    const known = this.#secrets.get(name) ?? randomBytes(24).toString('base64url');
    this.#secrets.set(name, known);
    return known;
  }

  /** Everything that must never be seen anywhere. */
  get all(): readonly string[] {
    return [...(this.#identity === undefined ? [] : [this.#identity]), ...this.#secrets.values()];
  }

  /** As if somebody had taken the identity of another vault from the safe. */
  async replaceIdentity(): Promise<void> {
    this.#identity = await generateIdentity();
  }

  /** As if the safe had burnt, too. */
  lose(): void {
    this.#identity = undefined;
    this.#secrets.clear();
  }
}

const lost = (what: string) =>
  finding(`${what} is lost, and nothing opens the backup without it`, {
    code: 'key-lost',
    hint: 'keep the keys of a vault in a place that neither the swarm nor the vault takes along when it is lost',
  });
