// An ssh server on this machine's loopback, for root, with a separate port and keys. Debian's package is unpacked, not installed: the
// server sees its user and its directories in a mount namespace, which ends with it. The machine's own files are not touched.
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PACKAGES = ['openssh-server', 'libwrap0'];

/** $1 the directory of this server, $2 the program. The user and the directory are those that Debian compiled in. */
const START = `
set -eu
mount --make-rprivate /
cp /etc/passwd "$1/passwd"
grep -q ^sshd: "$1/passwd" || echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >>"$1/passwd"
mount --bind "$1/passwd" /etc/passwd
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
exec "$2" -D -e -f "$1/sshd_config"
`;

export class SshServer implements AsyncDisposable {
  readonly port: number;
  /** In front of PATH: an `ssh` with the key and the known hosts of this server. */
  readonly bin: string;
  readonly #home: string;
  readonly #process: ReturnType<typeof startServer>;

  private constructor(port: number, home: string, process: ReturnType<typeof startServer>) {
    this.port = port;
    this.bin = join(home, 'bin');
    this.#home = home;
    this.#process = process;
  }

  static async start(): Promise<SshServer> {
    const home = await mkdtemp(join(tmpdir(), 'swarm-drill-sshd-'));
    await execa('apt-get', ['download', ...PACKAGES], { cwd: home });
    await execa('sh', ['-c', 'for file in *.deb; do dpkg --extract "$file" files; done'], { cwd: home });
    for (const name of ['host', 'client'])
      await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, name)]);
    const port = await freePort();
    await writeFile(join(home, 'sshd_config'), serverConfig(home, port));
    const hostKey = await readFile(join(home, 'host.pub'), 'utf8');
    await writeFile(join(home, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`);
    await writeFile(
      join(home, 'ssh_config'),
      `Host *\nIdentityFile ${home}/client\nIdentitiesOnly yes\nUserKnownHostsFile ${home}/known_hosts\n`,
    );
    await mkdir(join(home, 'bin'));
    const ssh = `#!/bin/sh\nexec /usr/bin/ssh -F ${home}/ssh_config "$@"\n`;
    await writeFile(join(home, 'bin/ssh'), ssh, { mode: 0o755 });
    const libraries = join(home, 'files/usr/lib', await libraryDirectory(home));
    const server = startServer(home, libraries);
    const started = new SshServer(port, home, server);
    await started.#untilListening();
    return started;
  }

  async #untilListening(): Promise<void> {
    const ended = this.#process.then(({ all }) => {
      throw new Error(`the ssh server ended: ${all}`);
    });
    const listening = async (): Promise<void> => {
      for (;;) {
        const { exitCode } = await execa(
          join(this.bin, 'ssh'),
          ['-p', String(this.port), 'root@127.0.0.1', 'true'],
          {
            reject: false,
          },
        );
        if (exitCode === 0) return;
        await sleep(100);
      }
    };
    await Promise.race([listening(), ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process;
    await rm(this.#home, { recursive: true, force: true });
  }
}

/** Every process of the server ends with the first one in its namespace. */
const startServer = (home: string, libraries: string) =>
  execa(
    'unshare',
    [
      ...['--mount', '--pid', '--kill-child', '--fork'],
      'sh',
      '-c',
      START,
      'sh',
      home,
      join(home, 'files/usr/sbin/sshd'),
    ],
    { reject: false, all: true, env: { LD_LIBRARY_PATH: libraries } },
  );

const serverConfig = (home: string, port: number): string =>
  [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${home}/host`,
    `AuthorizedKeysFile ${home}/client.pub`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PidFile none',
    '',
  ].join('\n');

/** Debian's directory of libraries is named after the architecture. */
async function libraryDirectory(home: string): Promise<string> {
  const { stdout } = await execa('sh', ['-c', 'cd files/usr/lib && dirname */libwrap.so.0'], { cwd: home });
  return stdout.trim();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
