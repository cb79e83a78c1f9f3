// The vault's object store speaks S3. It runs on a second host, on the network and the disk of the first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { uploadFiles } from '../../lab/engine/files.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { ignoreNotFound } from '../../lab/engine/errors.ts';
import { connect } from '../../lab/engine/connect.ts';
import { execInContainer } from '../../lab/engine/process.ts';
import { ensureImage, objectStoreRecipe } from '../../lab/image/images.ts';
import type { ImageFact } from '../../lab/lab.ts';
import { seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import type { Scope } from '../../support/scope.ts';
import { reportWait } from '../../support/trace.ts';
import type { Site } from '../../swarm/site.ts';
import type { Account } from '../../model/account.ts';
import type { Backend, AccessMode } from '../backend.ts';
import { containerParts, type ContainerParts, type VaultHost } from '../host/host.ts';
import type { KeyRing } from '../keys.ts';

const script = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

const PORT = 9000;
const BUCKET = 'vault';
/** On the vault's disk. */
const HOME = '/vault/s3';

/** Returns the name, in the key ring, of the S3 key with that access mode. */
const secretNameOf = (mode: AccessMode): string => `s3-${mode}`;

export class ObjectStore implements Backend {
  readonly image: ImageFact;
  readonly #engine: Engine;
  readonly #container: string;
  readonly #host: VaultHost;
  readonly #keys: KeyRing;

  private constructor(
    engine: Engine,
    parts: { container: string; host: VaultHost; keys: KeyRing; image: ImageFact },
  ) {
    this.#engine = engine;
    this.#container = parts.container;
    this.#host = parts.host;
    this.#keys = parts.keys;
    this.image = parts.image;
  }

  /**
   * Starts the store and forwards its port from the site. Closing `scope` removes it.
   * @throws DrillError `no-image`
   */
  static async open(site: Site, scope: Scope, host: VaultHost, keys: KeyRing): Promise<ObjectStore> {
    const engine = connect(site.lab.host);
    const prefer = site.lab.kind === 'engine' ? 'registry' : 'debian';
    const image = await ensureImage(engine, objectStoreRecipe, prefer, reportWait);
    const name = `${site.network}-store`;
    scope.defer('remove the object store', () => ignoreNotFound(engine.containers.remove(name)));
    const container = await engine.containers.create({
      name,
      Image: image.reference,
      Hostname: 'store',
      Entrypoint: ['sh', '-c', script('object-store.sh')],
      Labels: site.labelsOf('store'),
      HostConfig: { Binds: [`${host.name}:/vault`], NetworkMode: host.name, Init: true },
      NetworkingConfig: { EndpointsConfig: { [host.name]: { Aliases: ['store'] } } },
    });
    await uploadFiles(
      engine,
      container,
      { 'etc/swift/object_store_access.py': script('object-store-access.py') },
      0o644,
    );
    const modes: readonly AccessMode[] = ['append', 'read'];
    const users = Object.fromEntries(
      modes.map((mode) => [`run/keys/${mode}`, keys.secret(secretNameOf(mode))]),
    );
    await uploadFiles(engine, container, users, 0o600);
    await engine.containers.start(container);
    const store = new ObjectStore(engine, { container, host, keys, image });
    const make = script('object-store-make.py');
    await waitUntil('the object store', async () => ({ done: await store.exec(['python3', '-'], make) }), {
      limit: seconds(60),
    });
    await host.forwardPort(PORT, 'store');
    return store;
  }

  async account(mode: AccessMode, secrets: readonly string[]): Promise<Account> {
    const credentials = [
      '[default]',
      `aws_access_key_id = vault:${mode}`,
      `aws_secret_access_key = ${this.#keys.secret(secretNameOf(mode))}`,
    ];
    return {
      address: this.#host.address,
      port: PORT,
      user: mode,
      path: BUCKET,
      files: {
        'run/vault/credentials': `${credentials.join('\n')}\n`,
        ...Object.fromEntries(secrets.map((name) => [`run/vault/${name}`, this.#keys.secret(name)])),
      },
    };
  }

  /** Does nothing: the appending key can't overwrite an object. */
  async seal(): Promise<void> {}

  async diskUsage(): Promise<number> {
    return Number((await this.exec(['du', '-s', '-B1', HOME])).split('\t')[0]);
  }

  /** Returns the objects by the names that Swift gives them on its disk. */
  checksums(): Promise<string> {
    const list = 'cd "$0" && find disk -name "*.data" -print0 | sort -z | xargs -0r sha256sum';
    return this.exec(['sh', '-euc', list, HOME]);
  }

  /** Runs a program as root on the store's host: its operator's console. */
  exec(argv: readonly string[], input?: string): Promise<string> {
    return execInContainer(this.#engine, this.#container, argv, input === undefined ? {} : { input });
  }

  parts(): Promise<ContainerParts> {
    return containerParts(this.#engine, this.#container);
  }
}
