// The vault: where artifacts are kept, on a host that shares nothing with the swarm. What goes in was compressed and encrypted before
// it travelled; what comes out was compared with its hash first, whole.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { monotonic, utcNow } from '../support/clock.ts';
import { DrillError, finding, reasonOf } from '../support/errors.ts';
import type { Scope } from '../support/scope.ts';
import { step } from '../support/trace.ts';
import type { Site } from '../swarm/site.ts';
import type { Account, AccountKind } from '../model/account.ts';
import type { ArtifactFact } from '../model/artifact.ts';
import type { ArtifactMetadata, Method, ArtifactReader } from '../model/method.ts';
import { FAILURES } from './failures.ts';
import { sshBackend, type SshAccountKind } from './ssh-backend.ts';
import type { Backend, AccessMode } from './backend.ts';
import { VaultHost, type HostOptions, type ContainerParts } from './host/host.ts';
import { KeyRing } from './keys.ts';
import { ObjectStore } from './object-store/object-store.ts';
import { Streams, type StoredFile } from './stream/streams.ts';

/** What `restore` holds of a backup: a way back, and nothing of the swarm that it was taken from. */
export interface Kept<Target, Result> {
  /** The artifact's name in the vault. */
  readonly name: string;
  /**
   * Compares the artifact with its hashes, then restores it.
   * @throws DrillError `artifact-damaged`, `key-lost`, `wrong-key`, `vault-unreachable`, or what the method throws
   */
  restoreInto(target: Target): Promise<Result>;
}

interface Catalogue {
  readonly method: string;
  readonly claim: ArtifactMetadata;
  readonly files: Readonly<Record<string, StoredFile>>;
}

const CATALOGUE = 'catalogue.json';

export interface VaultOptions extends HostOptions {
  /** With an S3-compatible store beside its ssh server. Default none. */
  readonly objectStore?: boolean;
}

export class Vault {
  readonly host: VaultHost;
  readonly keys: KeyRing;
  readonly objectStore: ObjectStore | undefined;
  readonly #onArtifact: (artifact: ArtifactFact) => void;
  /** Accounts of methods that say themselves that what they store can be read by whoever has the disk. */
  readonly unencryptedAccounts = new Set<AccountKind>();
  readonly #accounts = new Map<string, Promise<Account>>();
  readonly #streams: Streams;
  #count = 0;

  private constructor(
    host: VaultHost,
    keys: KeyRing,
    objectStore: ObjectStore | undefined,
    onArtifact: (artifact: ArtifactFact) => void,
  ) {
    this.host = host;
    this.keys = keys;
    this.objectStore = objectStore;
    this.#onArtifact = onArtifact;
    this.#streams = new Streams(host, keys, (side) => this.account('stream', side));
  }

  /** Starts the host and gives the gateway its keys. */
  static async open(
    site: Site,
    scope: Scope,
    onArtifact: (artifact: ArtifactFact) => void,
    options: VaultOptions = {},
  ): Promise<Vault> {
    const [host, keys] = await Promise.all([VaultHost.open(site, scope, options), KeyRing.make()]);
    const store = options.objectStore ? await ObjectStore.open(site, scope, host, keys) : undefined;
    const vault = new Vault(host, keys, store, onArtifact);
    await vault.#streams.prepare();
    return vault;
  }

  /** Backs `source` up with `method`. @throws DrillError as the method does */
  async keep<Source, Target, Result>(
    method: Method<Source, Target, Result>,
    source: Source,
  ): Promise<Kept<Target, Result>> {
    const name = `${++this.#count}-${method.name.replaceAll(/\W+/g, '-')}`;
    await step(
      `back up with ${method.name}`,
      async () => {
        const began = monotonic();
        const files: Record<string, StoredFile> = {};
        const before = new Map<AccountKind, number>();
        const claim = await method.backup(source, {
          put: async (file, content) => {
            files[file] = await this.#streams.store(`${name}/${file}`, content);
          },
          pipeFrom: async (file, end) => {
            files[file] = await this.#streams.pipeFrom(`${name}/${file}`, end);
          },
          account: async (kind, secrets = []) => {
            const account = await this.account(kind, 'append', secrets);
            if (method.loses.includes('encrypted in the vault')) this.unencryptedAccounts.add(kind);
            if (!before.has(kind)) before.set(kind, await this.#depot(kind).diskUsage());
            return account;
          },
        });
        const seconds = monotonic() - began;
        const stored = new Map(Object.entries(files));
        for (const [kind, occupiedBefore] of before) {
          const depot = this.#depot(kind);
          await depot.seal();
          stored.set(kind, {
            bytes: (await depot.diskUsage()) - occupiedBefore,
            sha256: createHash('sha256')
              .update(await depot.checksums())
              .digest('hex'),
          });
        }
        if (stored.size === 0) throw finding(`${method.name} backed nothing up`, { code: 'empty-backup' });
        const catalogue: Catalogue = { method: method.name, claim, files };
        await this.#streams.store(`${name}/${CATALOGUE}`, Readable.from([JSON.stringify(catalogue)]));
        for (const [file, { bytes, sha256 }] of stored)
          this.#onArtifact({
            method: method.name,
            name: `${name}/${file}`,
            bytes,
            sha256,
            createdAt: utcNow(),
            encrypted: !method.loses.includes('encrypted in the vault'),
            seconds,
            limits: method.limits,
            loses: method.loses,
          });
      },
      { operation: { kind: 'backup', method: method.name } },
    );
    return {
      name,
      restoreInto: (target) =>
        step(`restore with ${method.name}`, async () => method.restore(await this.#open(name), target), {
          operation: { kind: 'restore', method: method.name },
        }),
    };
  }

  async #open(name: string): Promise<ArtifactReader> {
    const streams = this.#streams;
    await streams.unlock();
    const { claim, files } = parsed(name, await text(streams.fetch(`${name}/${CATALOGUE}`)));
    await step('compare the artifact with its hash', async () => {
      for (const [file, expected] of Object.entries(files)) await this.#compare(`${name}/${file}`, expected);
    });
    return {
      metadata: claim,
      open: (file) => streams.fetch(`${name}/${file}`),
      pipeTo: (file, end) => streams.pipeTo(`${name}/${file}`, end),
      account: (kind, secrets = []) => this.account(kind, 'read', secrets),
    };
  }

  async #compare(name: string, expected: StoredFile): Promise<void> {
    const { bytes, sha256 } = await this.#streams.measure(name);
    if (bytes !== expected.bytes) throw damaged(name, `${bytes} bytes instead of ${expected.bytes}`);
    if (sha256 !== expected.sha256) throw damaged(name, 'its SHA-256 differs');
  }

  /** An account of that kind, made when it is first asked for. @throws DrillError `no-object-store`, `key-lost` */
  async account(
    kind: AccountKind | SshAccountKind,
    side: AccessMode,
    secrets: readonly string[] = [],
  ): Promise<Account> {
    const key = [kind, side, ...secrets].join(' ');
    const known = this.#accounts.get(key);
    if (known) return known;
    const opened = this.#depot(kind).account(side, secrets);
    this.#accounts.set(key, opened);
    // Whoever comes next tries again.
    opened.catch(() => this.#accounts.delete(key));
    return opened;
  }

  /** What the vault is made of: its hosts. */
  async parts(): Promise<readonly ContainerParts[]> {
    return Promise.all([this.host.parts(), ...(this.objectStore ? [this.objectStore.parts()] : [])]);
  }

  #depot(kind: AccountKind | SshAccountKind): Backend {
    if (kind !== 's3') return sshBackend(this.host, this.keys, kind);
    if (this.objectStore) return this.objectStore;
    throw new DrillError('this vault has no object store', {
      code: 'no-object-store',
      hint: "say `vault: { objectStore: true }` in the drill's plan",
    });
  }
}

function parsed(name: string, catalogue: string): Catalogue {
  try {
    return JSON.parse(catalogue) as Catalogue;
  } catch (cause) {
    throw damaged(name, `its catalogue can't be read (${reasonOf(cause)})`);
  }
}

const damaged = (name: string, reason: string) =>
  finding(`the artifact ${name} is not what was stored: ${reason}`, {
    code: FAILURES.damaged.code,
    hint: FAILURES.damaged.hint,
  });
