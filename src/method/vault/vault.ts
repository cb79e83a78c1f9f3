// The vault: where artifacts are kept, on a host that shares nothing with the swarm. What goes in was compressed and encrypted before
// it travelled; what comes out was compared with its hash first, whole.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { feed, finish } from '../../lab/engine.ts';
import { monotonic, utcNow } from '../../support/clock.ts';
import { finding, reasonOf } from '../../support/errors.ts';
import type { Scope } from '../../support/scope.ts';
import { step } from '../../support/trace.ts';
import type { Site } from '../../swarm/site.ts';
import type { Account, AccountKind } from '../account.ts';
import type { ArtifactFact } from '../artifact.ts';
import type { Claim, Method, OpenedArtifact } from '../method.ts';
import { checksItself, differing, listing, occupied, openAccount, seal } from './accounts.ts';
import { VaultHost, type HostOptions } from './host.ts';
import { KeyRing } from './keys.ts';

/** What `restore` holds of a backup: a way back, and nothing of the swarm that it was taken from. */
export interface Kept<Target, Result> {
  /** The artifact's name in the vault. */
  readonly name: string;
  /**
   * Compares the artifact with its hashes, then restores it.
   * @throws DrillError `artifact-damaged`, `key-lost`, or what the method throws
   */
  restoreInto(target: Target): Promise<Result>;
}

interface Stored {
  readonly bytes: number;
  readonly sha256: string;
}

interface Catalogue {
  readonly method: string;
  readonly claim: Claim;
  readonly files: Readonly<Record<string, Stored>>;
  readonly accounts: readonly AccountKind[];
}

const CATALOGUE = 'catalogue.json';
const CONFIG = '/run/keys/config';
const IDENTITY = '/run/keys/identity';
const listOf = (kind: AccountKind): string => `account-${kind}.sha256`;

export class Vault {
  readonly host: VaultHost;
  readonly keys: KeyRing;
  readonly #onArtifact: (artifact: ArtifactFact) => void;
  /** Accounts of methods that say themselves that what they store can be read by whoever has the disk. */
  readonly readable = new Set<AccountKind>();
  readonly #accounts = new Map<string, Promise<Account>>();
  #count = 0;

  private constructor(host: VaultHost, keys: KeyRing, onArtifact: (artifact: ArtifactFact) => void) {
    this.host = host;
    this.keys = keys;
    this.#onArtifact = onArtifact;
  }

  /** Starts the host and gives the courier its keys. */
  static async open(
    site: Site,
    scope: Scope,
    onArtifact: (artifact: ArtifactFact) => void,
    options: HostOptions = {},
  ): Promise<Vault> {
    const [host, keys] = await Promise.all([VaultHost.open(site, scope, options), KeyRing.make()]);
    await prepareCourier(host);
    return new Vault(host, keys, onArtifact);
  }

  /** Backs `source` up with `method`. @throws DrillError as the method does */
  async keep<Source, Target, Result>(
    method: Method<Source, Target, Result>,
    source: Source,
  ): Promise<Kept<Target, Result>> {
    const name = `${++this.#count}-${method.name.replaceAll(/\W+/g, '-')}`;
    await step(`back up with ${method.name}`, async () => {
      const began = monotonic();
      const files: Record<string, Stored> = {};
      const before = new Map<AccountKind, number>();
      const claim = await method.backup(source, {
        put: async (file, content) => {
          files[file] = await this.#store(`${name}/${file}`, content);
        },
        account: async (kind, secrets = []) => {
          const account = await this.#account(kind, 'append', secrets);
          if (method.loses.includes('encrypted in the vault')) this.readable.add(kind);
          if (!before.has(kind)) before.set(kind, await occupied(this.host, kind));
          return account;
        },
      });
      const seconds = monotonic() - began;
      const stored = new Map(Object.entries(files));
      for (const [kind, occupiedBefore] of before) {
        await seal(this.host, kind);
        const list = await listing(this.host, kind);
        if (!checksItself(kind))
          files[listOf(kind)] = await this.#store(`${name}/${listOf(kind)}`, Readable.from([list]));
        stored.set(kind, {
          bytes: (await occupied(this.host, kind)) - occupiedBefore,
          sha256: createHash('sha256').update(list).digest('hex'),
        });
      }
      if (stored.size === 0) throw finding(`${method.name} backed nothing up`, { code: 'empty-backup' });
      const catalogue: Catalogue = { method: method.name, claim, files, accounts: [...before.keys()] };
      await this.#store(`${name}/${CATALOGUE}`, Readable.from([JSON.stringify(catalogue)]));
      for (const [file, { bytes, sha256 }] of stored)
        this.#onArtifact({
          method: method.name,
          name: `${name}/${file}`,
          bytes,
          sha256,
          createdAt: utcNow(),
          encrypted: !method.loses.includes('encrypted in the vault'),
          seconds,
          cannotHold: method.cannotHold,
          loses: method.loses,
        });
    });
    return {
      name,
      restoreInto: (target) =>
        step(`restore with ${method.name}`, async () => method.restore(await this.#open(name), target)),
    };
  }

  async #open(name: string): Promise<OpenedArtifact> {
    await this.host.give(IDENTITY, this.keys.identity);
    const { claim, files, accounts } = await this.#catalogue(name);
    await step('compare the artifact with its hash', async () => {
      for (const [file, expected] of Object.entries(files)) await this.#compare(`${name}/${file}`, expected);
      for (const kind of accounts) if (!checksItself(kind)) await this.#compareAccount(name, kind);
    });
    return {
      claim,
      open: (file) => this.#fetch(`${name}/${file}`),
      account: (kind, secrets = []) => this.#account(kind, 'read', secrets),
    };
  }

  async #store(name: string, content: Readable): Promise<Stored> {
    const sending = await this.host.atCourier(['send', name, this.keys.recipient]);
    const answer = text(sending.io);
    answer.catch(() => undefined);
    await feed(sending, content);
    const [bytes, sha256] = (await answer).trim().split(' ');
    if ((await sending.exitCode()) !== 0 || sha256 === undefined)
      throw finding(`the vault did not take ${name}`, {
        code: 'vault-refused',
        output: sending.stderr(),
        hint: 'look at the line to the vault, and at the room that is left on its disk',
      });
    return { bytes: Number(bytes), sha256 };
  }

  /** The file as it was put. A stream that breaks ends with an error, never early. */
  #fetch(name: string): Readable {
    const { host } = this;
    return Readable.from(
      (async function* () {
        const fetching = await host.atCourier([
          'bash',
          '-o',
          'pipefail',
          '-c',
          `ssh -n -F ${CONFIG} read get "$0" | age --decrypt --identity ${IDENTITY} | zstd -q -d`,
          name,
        ]);
        fetching.io.end();
        for await (const chunk of fetching.io) yield chunk as Buffer;
        if ((await fetching.exitCode()) !== 0)
          throw finding(`the artifact ${name} can't be read`, {
            code: 'artifact-unreadable',
            output: fetching.stderr(),
            hint: 'see that this is the key that it was encrypted for, and that the vault is in reach',
          });
      })(),
      { objectMode: false },
    );
  }

  async #catalogue(name: string): Promise<Catalogue> {
    try {
      return JSON.parse(await text(this.#fetch(`${name}/${CATALOGUE}`))) as Catalogue;
    } catch (cause) {
      throw finding(`the vault's catalogue of the artifact can't be read: ${reasonOf(cause)}`, {
        code: 'artifact-damaged',
        cause,
      });
    }
  }

  async #compare(name: string, expected: Stored): Promise<void> {
    const asking = await this.host.atCourier(['ssh', '-F', CONFIG, 'read', 'sum', name]);
    const { stdout, stderr, exitCode } = await finish(asking);
    const damaged = (reason: string) =>
      finding(`the artifact ${name} is not what was stored: ${reason}`, {
        code: 'artifact-damaged',
        output: stderr,
        hint: 'nothing was restored from it; take another recovery point, and look at the store that it lay on',
      });
    if (exitCode !== 0) throw damaged('the vault does not have it');
    const [bytes, sha256] = stdout.trim().split(' ');
    if (Number(bytes) !== expected.bytes) throw damaged(`${bytes} bytes instead of ${expected.bytes}`);
    if (sha256 !== expected.sha256) throw damaged('its SHA-256 differs');
  }

  async #compareAccount(name: string, kind: AccountKind): Promise<void> {
    const list = await text(this.#fetch(`${name}/${listOf(kind)}`));
    const differences = await differing(this.host, kind, list);
    if (differences !== '')
      throw finding(`what ${kind} stored is not what the vault has`, {
        code: 'artifact-damaged',
        output: differences,
        hint: 'nothing was restored from it; take another recovery point, and look at the store that it lay on',
      });
  }

  #account(kind: AccountKind, side: 'append' | 'read', secrets: readonly string[]): Promise<Account> {
    const key = [kind, side, ...secrets].join(' ');
    const opened = this.#accounts.get(key) ?? openAccount(this.host, this.keys, kind, side, secrets);
    this.#accounts.set(key, opened);
    return opened;
  }
}

/** Two keys at the courier: one that can add to the vault, one that can read it. */
async function prepareCourier(host: VaultHost): Promise<void> {
  const config = (['append', 'read'] as const).map(
    (side) =>
      `Host ${side}\n  HostName vault\n  User courier\n  HostKeyAlias vault\n  IdentityFile /run/keys/${side}\n  IdentitiesOnly yes\n  ` +
      `UserKnownHostsFile /run/keys/known_hosts\n  StrictHostKeyChecking yes\n  BatchMode yes\n  LogLevel INFO\n  ConnectTimeout 10\n  ` +
      `ServerAliveInterval 5\n  ServerAliveCountMax 2\n`,
  );
  await host.give(CONFIG, config.join(''));
  await host.give('/run/keys/known_hosts', `${host.hostKey}\n`);
  for (const side of ['append', 'read'] as const)
    await host.give(`/run/keys/${side}`, await host.admit('courier', `vault-door ${side}`));
}
