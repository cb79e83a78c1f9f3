// The vault's host: a separate machine behind ssh, on a separate network. The gateway connects it with the site: it encrypts what this
// program sends, and forwards the connections of backup programs. Without the gateway, the swarm does not reach the vault.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageReference } from '../../lab/image/images.ts';
import { uploadFiles } from '../../lab/engine/files.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { ignoreNotFound } from '../../lab/engine/errors.ts';
import { connect } from '../../lab/engine/connect.ts';
import { execInContainer, type ContainerProcess } from '../../lab/engine/process.ts';
import { seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import type { Scope } from '../../support/scope.ts';
import type { Site } from '../../swarm/site.ts';

const script = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

export interface VaultHostOptions {
  /** Size of the vault's disk in bytes. Default: that of the engine's disk. */
  readonly capacity?: number;
}

export class VaultHost {
  /** Docker's name of the vault's network, and of the volume that is the vault's disk. */
  readonly name: string;
  /** The gateway's address on the site's network, at which nodes reach the vault. */
  readonly address: string;
  /** The line of `known_hosts` for the name `vault`. */
  readonly hostKey: string;
  readonly #engine: Engine;
  readonly #gateway: string;

  private constructor(
    engine: Engine,
    names: { host: string; gateway: string; address: string; key: string },
  ) {
    this.#engine = engine;
    this.name = names.host;
    this.#gateway = names.gateway;
    this.address = names.address;
    this.hostKey = `vault ${names.key}`;
  }

  /** Starts host and gateway. Closing `scope` removes both. */
  static async open(site: Site, scope: Scope, options: VaultHostOptions = {}): Promise<VaultHost> {
    const engine = connect(site.lab.host);
    const host = `${site.network}-vault`;
    const gateway = `${site.network}-gateway`;
    const image = imageReference(site.lab, 'tools');
    const Labels = site.labels;
    scope.defer('remove the vault', async () => {
      await Promise.all([gateway, host].map((name) => ignoreNotFound(engine.containers.remove(name))));
      await Promise.all([
        ignoreNotFound(engine.networks.remove(host)),
        ignoreNotFound(engine.volumes.remove(host, { force: true })),
      ]);
    });
    await Promise.all([
      engine.networks.create({ Name: host, Driver: 'bridge', Internal: true, Labels }),
      engine.volumes.create({
        Name: host,
        Labels,
        ...(options.capacity ? limitedVolume(options.capacity) : {}),
      }),
    ]);
    const vault = await engine.containers.create({
      name: host,
      Image: image,
      Hostname: 'vault',
      Entrypoint: ['sh', '-c', script('host.sh')],
      Labels: site.labelsOf('vault'),
      HostConfig: { Binds: [`${host}:/vault`], NetworkMode: host, Init: true },
      NetworkingConfig: { EndpointsConfig: { [host]: { Aliases: ['vault'] } } },
    });
    await uploadFiles(engine, vault, { 'usr/local/bin/vault-command': script('forced-command.sh') }, 0o755);
    const relay = await engine.containers.create({
      name: gateway,
      Image: image,
      Hostname: 'gateway',
      Entrypoint: ['socat', 'TCP-LISTEN:22,fork,reuseaddr', 'TCP:vault:22'],
      Labels: site.labelsOf('gateway'),
      HostConfig: { NetworkMode: site.network, Init: true, Tmpfs: { '/run/keys': 'rw,mode=0700' } },
      NetworkingConfig: {
        EndpointsConfig: { [site.network]: { IPAMConfig: { IPv4Address: site.gatewayAddress } } },
      },
    });
    await engine.networks.connect(host, relay);
    await Promise.all([vault, relay].map((id) => engine.containers.start(id)));
    const key = await waitUntil(
      'the ssh server of the vault',
      async () => {
        const text = await execInContainer(engine, host, [
          'sh',
          '-c',
          'test -s /run/sshd.pid && cut -d " " -f 1,2 /run/host_key.pub || true',
        ]);
        return text ? { done: text.trim() } : { notYet: 'not listening' };
      },
      { limit: seconds(20) },
    );
    return new VaultHost(engine, { host, gateway, address: site.gatewayAddress, key });
  }

  /** Runs a program as root on the vault's host: its operator's console, which no backup program has access to. */
  exec(argv: readonly string[], input?: string): Promise<string> {
    return execInContainer(this.#engine, this.name, argv, input === undefined ? {} : { input });
  }

  /** Starts a program in the gateway. */
  runInGateway(argv: readonly string[]): Promise<ContainerProcess> {
    return this.#engine.containers.startProcess(this.#gateway, argv);
  }

  /** Forwards connections to the gateway's port to another host of the vault's network. */
  async forwardPort(port: number, to: string): Promise<void> {
    const forwarder = await this.runInGateway([
      'socat',
      `TCP-LISTEN:${port},fork,reuseaddr`,
      `TCP:${to}:${port}`,
    ]);
    // It ends with the gateway.
    forwarder.io.on('error', () => undefined).resume();
  }

  /** Writes a file into the gateway's memory, readable by root only. */
  async writeFile(path: string, text: string): Promise<void> {
    await execInContainer(this.#engine, this.#gateway, ['sh', '-c', 'umask 077; cat >"$0"', path], {
      input: text,
    });
  }

  /** Creates a key pair that permits `user` only the forced command. @returns the private key */
  async authorizeKey(user: string, command: string): Promise<string> {
    return this.exec([
      'sh',
      '-euc',
      `umask 077; place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
       ssh-keygen -q -t ed25519 -N '' -C "$0" -f "$place/key"
       printf 'restrict,command="%s" %s\\n' "$1" "$(cat "$place/key.pub")" >>"/etc/ssh/keys/$0"
       chmod 644 "/etc/ssh/keys/$0"; cat "$place/key"`,
      user,
      command,
    ]);
  }

  /** Disconnects the gateway from the vault, as a failed uplink would. */
  async disconnect(): Promise<void> {
    await this.#engine.networks.disconnect(this.name, this.#gateway);
  }

  async reconnect(): Promise<void> {
    await this.#engine.networks.connect(this.name, this.#gateway);
  }

  /** Returns the ids of what the host consists of, to prove that none of it is the swarm's. */
  async parts(): Promise<ContainerParts> {
    return containerParts(this.#engine, this.name);
  }

  gatewayParts(): Promise<ContainerParts> {
    return containerParts(this.#engine, this.#gateway);
  }
}

export interface ContainerParts {
  readonly container: string;
  readonly startedAt: string;
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

/** Returns the container's id, its mounts and its networks. */
export async function containerParts(engine: Engine, container: string): Promise<ContainerParts> {
  const { Id, State, Mounts, NetworkSettings } = await engine.containers.inspect(container);
  return {
    container: Id,
    startedAt: State.StartedAt,
    volumes: Mounts.map((mount) => mount.Name ?? mount.Source),
    networks: Object.values(NetworkSettings.Networks).map(({ NetworkID }) => NetworkID),
  };
}

const limitedVolume = (bytes: number) => ({
  Driver: 'local',
  DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `size=${bytes}` },
});
