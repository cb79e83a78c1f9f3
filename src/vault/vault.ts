// The vault keeps artifacts on a host that shares nothing with the swarm. Files are compressed and encrypted before they leave, and
// every byte is compared with its SHA-256 before anything is restored from them.
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
import { VaultHost, type VaultHostOptions, type ContainerParts } from './host/host.ts';
import { KeyRing } from './keys.ts';
import { ObjectStore } from './object-store/object-store.ts';
import { Streams, type StoredFile } from './stream/streams.ts';

/** A backup in the vault, as `restore` sees it: it can be restored, and has no reference to the swarm that it was taken from. */
export interface Kept<Target, Result> {
  /** Name of the artifact in the vault. */
  readonly name: string;
  /**
   * Compares the artifact with its SHA-256, then restores it.
   * @throws DrillError `artifact-damaged`, `key-lost`, `wrong-key`, `vault-unreachable`, or an error of the method
   */
  restoreInto(target: Target): Promise<Result>;
}

interface Catalogue {
  readonly method: string;
  readonly metadata: ArtifactMetadata;
  readonly files: Readonly<Record<string, StoredFile>>;
}

const CATALOGUE = 'catalogue.json';

export interface VaultOptions extends VaultHostOptions {
  /** Adds an S3-compatible object store. Default false. */
  readonly objectStore?: boolean;
}

/** The off-site store of a drill. */
export class Vault {
  readonly host: VaultHost;
  readonly keys: KeyRing;
  readonly objectStore: ObjectStore | undefined;
  readonly #onArtifact: (artifact: ArtifactFact) => void;
  /** Accounts of methods that declare that what they store is readable on the disk. */
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
    this.#streams = new Streams(host, keys, (mode) => this.account('stream', mode));
  }

  /** Starts host and gateway, and gives the gateway its keys. Closing `scope` removes both. */
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

  /** Backs `source` up with `method`. @throws DrillError as the method does; `empty-backup` if it stored nothing */
  async keep<Source, Target, Result>(
    method: Method<Source, Target, Result>,
    source: Source,
  ): Promise<Kept<Target, Result>> {
    const name = `${++this.#count}-${method.name.replaceAll(/\W+/g, '-')}`;
    await step(`back up with ${method.name}`, () => this.#backUp(name, method, source), {
      operation: { kind: 'backup', method: method.name },
    });
    return {
      name,
      restoreInto: (target) =>
        step(`restore with ${method.name}`, async () => method.restore(await this.#open(name), target), {
          operation: { kind: 'restore', method: method.name },
        }),
    };
  }

  async #backUp<Source>(name: string, method: Method<Source, never, unknown>, source: Source): Promise<void> {
    const began = monotonic();
    const isEncrypted = !method.loses.includes('encrypted in the vault');
    const files: Record<string, StoredFile> = {};
    const usageBefore = new Map<AccountKind, number>();
    const metadata = await method.backup(source, {
      put: async (file, content) => {
        files[file] = await this.#streams.store(`${name}/${file}`, content);
      },
      pipeFrom: async (file, command) => {
        files[file] = await this.#streams.pipeFrom(`${name}/${file}`, command);
      },
      account: async (kind, secrets = []) => {
        const account = await this.account(kind, 'append', secrets);
        if (!isEncrypted) this.unencryptedAccounts.add(kind);
        if (!usageBefore.has(kind)) usageBefore.set(kind, await this.#backend(kind).diskUsage());
        return account;
      },
    });
    const seconds = monotonic() - began;
    const stored = { ...files, ...(await this.#sealAccounts(usageBefore)) };
    if (Object.keys(stored).length === 0)
      throw finding(`${method.name}: the backup stored nothing`, { code: 'empty-backup' });
    const catalogue: Catalogue = { method: method.name, metadata, files };
    await this.#streams.store(`${name}/${CATALOGUE}`, Readable.from([JSON.stringify(catalogue)]));
    for (const [file, { bytes, sha256 }] of Object.entries(stored))
      this.#onArtifact({
        method: method.name,
        name: `${name}/${file}`,
        bytes,
        sha256,
        createdAt: utcNow(),
        encrypted: isEncrypted,
        seconds,
        stopped: metadata.stopped ?? [],
        limits: method.limits,
        loses: method.loses,
      });
  }

  /** Makes what the accounts received immutable. @returns by account what it grew by, and the SHA-256 of all its checksums */
  async #sealAccounts(usageBefore: ReadonlyMap<AccountKind, number>): Promise<Record<string, StoredFile>> {
    const grown: Record<string, StoredFile> = {};
    for (const [kind, before] of usageBefore) {
      const backend = this.#backend(kind);
      await backend.seal();
      const bytes = (await backend.diskUsage()) - before;
      grown[kind] = {
        bytes,
        sha256: createHash('sha256')
          .update(await backend.checksums())
          .digest('hex'),
      };
    }
    return grown;
  }

  /** Compares every file with its SHA-256 before it returns. */
  async #open(name: string): Promise<ArtifactReader> {
    const streams = this.#streams;
    await streams.unlock();
    const { metadata, files } = parseCatalogue(name, await text(streams.fetch(`${name}/${CATALOGUE}`)));
    await step('compare the artifact with its SHA-256', async () => {
      for (const [file, expected] of Object.entries(files)) await this.#compare(`${name}/${file}`, expected);
    });
    return {
      metadata,
      open: (file) => streams.fetch(`${name}/${file}`),
      pipeTo: (file, command) => streams.pipeTo(`${name}/${file}`, command),
      account: (kind, secrets = []) => this.account(kind, 'read', secrets),
    };
  }

  async #compare(name: string, expected: StoredFile): Promise<void> {
    const { bytes, sha256 } = await this.#streams.measure(name);
    if (bytes !== expected.bytes) throw damaged(name, `expected ${expected.bytes} bytes, got ${bytes}`);
    if (sha256 !== expected.sha256) throw damaged(name, 'SHA-256 differs');
  }

  /** Returns an account of that kind, opened the first time. @throws DrillError `no-object-store`, `key-lost` */
  async account(
    kind: AccountKind | SshAccountKind,
    mode: AccessMode,
    secrets: readonly string[] = [],
  ): Promise<Account> {
    const key = [kind, mode, ...secrets].join(' ');
    const known = this.#accounts.get(key);
    if (known) return known;
    const opened = this.#backend(kind).account(mode, secrets);
    this.#accounts.set(key, opened);
    // The next caller tries again.
    opened.catch(() => this.#accounts.delete(key));
    return opened;
  }

  /** Returns what the vault consists of: its hosts. */
  async parts(): Promise<readonly ContainerParts[]> {
    return Promise.all([this.host.parts(), ...(this.objectStore ? [this.objectStore.parts()] : [])]);
  }

  #backend(kind: AccountKind | SshAccountKind): Backend {
    if (kind !== 's3') return sshBackend(this.host, this.keys, kind);
    if (this.objectStore) return this.objectStore;
    throw new DrillError('vault: has no object store', {
      code: 'no-object-store',
      hint: "Set `vault: { objectStore: true }` in the drill's plan.",
    });
  }
}

function parseCatalogue(name: string, catalogue: string): Catalogue {
  try {
    return JSON.parse(catalogue) as Catalogue;
  } catch (cause) {
    throw damaged(name, `its catalogue is not JSON (${reasonOf(cause)})`);
  }
}

const damaged = (name: string, reason: string) =>
  finding(`artifact ${name} is damaged: ${reason}`, {
    code: FAILURES.damaged.code,
    hint: FAILURES.damaged.hint,
  });
