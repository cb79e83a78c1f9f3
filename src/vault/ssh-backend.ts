// Accounts of backup programs at the vault over ssh: for each kind the user, the forced command of each key, and how what has arrived
// becomes immutable for the account that sent it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account, AccountKind } from '../model/account.ts';
import type { Backend, AccessMode } from './backend.ts';
import type { VaultHost } from './host/host.ts';
import type { KeyRing } from './keys.ts';
import { sshConfig } from './ssh-config.ts';

/** The kinds of account over ssh; `stream` is the vault's own. */
export type SshAccountKind = Exclude<AccountKind, 's3'> | 'stream';

interface SshAccess {
  readonly user: string;
  /** Directory on the vault's host. */
  readonly home: string;
  /** What the program must name as its path, if that is not `home`. */
  readonly path?: string;
  readonly append: string;
  readonly read: string;
  /** The script in `host/` that both forced commands name. */
  readonly script?: string;
  /** Shell script that root runs on the host when the account is created; `$0` is `home`. */
  readonly prepare?: string;
  /** Shell script that root runs after each backup, for protocols that would let the sender change what it sent; `$0` is `home`. */
  readonly seal?: string;
}

/** The package's program: the one built into the server only answers requests for a subsystem, and not every client makes one. */
const SFTP = { append: '/usr/lib/openssh/sftp-server', read: '/usr/lib/openssh/sftp-server -R' };

/**
 * Gives everything that has arrived to root, in directories where others may add and may remove only their own.
 * Lock files keep their owner, and so does what restic is still sending. No link is followed: the sender may be changing it.
 */
const makeImmutable = (place: string): string => `
  find ${place} -type f ! -path '*/locks/*' ! -name '*-restic-temp-*' -execdir chown -h root: {} + -execdir chmod -h a=r {} +
  find ${place} -type d ! -path '*/locks' -execdir chown -h root: {} + -execdir chmod -h 1777 {} +`;

/** Keeps for each new snapshot the repository as it is now, as hard links: what is added later, damage included, is not in it. */
const KEEP_SNAPSHOTS = `
  cd "$0"
  for snapshot in repository/snapshots/*; do
    point=kept/\${snapshot##*/}
    if [ ! -f "$snapshot" ] || [ -e "$point" ]; then continue; fi
    part=$(mktemp -d kept/.part-XXXXXX)
    cp -al repository/. "$part"
    find "$part" -type f ! -user root -delete
    find "$part" -depth -type d -empty -delete
    find "$part" -type d -exec chmod 755 {} +
    mv -T "$part" "$point" || rm -rf "$part"
  done`;

const SSH_ACCESS: Readonly<Record<SshAccountKind, SshAccess>> = {
  restic: {
    user: 'restic',
    home: '/vault/restic',
    ...SFTP,
    prepare: 'mkdir -p "$0/kept"; chmod 755 "$0/kept"; chown root: "$0"; chmod 1777 "$0"',
    seal: makeImmutable('"$0/repository"') + KEEP_SNAPSHOTS,
  },
  borg: {
    user: 'borg',
    home: '/vault/borg',
    append: 'borg-command append',
    read: 'borg-command read',
    script: 'borg-command',
  },
  rsync: {
    user: 'root',
    home: '/vault/rsync',
    append: 'rsync-command append',
    read: 'rsync-command read',
    script: 'rsync-command',
  },
  git: {
    user: 'git',
    home: '/vault/git',
    path: '/vault/git/stack.git',
    append: 'git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"',
    read: "git upload-pack '/vault/git/stack.git'",
    prepare: `cd /vault/git && git init --quiet --bare --initial-branch=main stack.git
      git -C stack.git config receive.denyNonFastForwards true && git -C stack.git config receive.denyDeletes true
      chown -R git: stack.git`,
  },
  stream: {
    user: 'stream',
    home: '/vault/stream',
    append: 'vault-command append',
    read: 'vault-command read',
  },
};

export const sshBackend = (host: VaultHost, keys: KeyRing, kind: SshAccountKind): Backend => ({
  account: (mode, secrets) => openAccount(host, keys, kind, mode, secrets),
  seal: () => seal(host, SSH_ACCESS[kind]),
  diskUsage: () => diskUsage(host, SSH_ACCESS[kind]),
  checksums: () => checksums(host, SSH_ACCESS[kind]),
});

async function openAccount(
  host: VaultHost,
  keys: KeyRing,
  kind: SshAccountKind,
  mode: AccessMode,
  secrets: readonly string[],
): Promise<Account> {
  const { user, home, path = home, prepare, script, [mode]: command } = SSH_ACCESS[kind];
  if (script) await installScript(host, script);
  if (prepare && mode === 'append') await host.exec(['sh', '-euc', prepare, home]);
  const key = await host.authorizeKey(user, command);
  return {
    address: host.address,
    port: 22,
    user,
    path,
    files: {
      'run/vault/config': sshConfig({
        alias: 'vault',
        address: host.address,
        user,
        identity: '/run/vault/key',
        knownHosts: '/run/vault/known_hosts',
      }),
      'run/vault/key': key,
      'run/vault/known_hosts': `${host.hostKey}\n`,
      ...Object.fromEntries(secrets.map((name) => [`run/vault/${name}`, keys.secret(name)])),
    },
  };
}

async function installScript(host: VaultHost, script: string): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, 'host', `${script}.sh`), 'utf8');
  const put = 'umask 022; cat >"$0.new"; chmod 755 "$0.new"; mv "$0.new" "$0"';
  await host.exec(['sh', '-euc', put, `/usr/local/bin/${script}`], text);
}

async function seal(host: VaultHost, { home, seal: script }: SshAccess): Promise<void> {
  if (script) await host.exec(['sh', '-euc', script, home]);
}

async function diskUsage(host: VaultHost, { home }: SshAccess): Promise<number> {
  return Number((await host.exec(['du', '-s', '-B1', home])).split('\t')[0]);
}

/** Returns SHA-256 and path of every file, as sha256sum prints them; of a file with several names, the first. */
function checksums(host: VaultHost, { home }: SshAccess): Promise<string> {
  return host.exec([
    'sh',
    '-euc',
    `cd "$0" && find . -type f -printf '%i %p\\0' | sort -z -k 2 | sort -z -s -u -n -k 1,1 |
     cut -z -d ' ' -f 2- | sort -z | xargs -0r sha256sum`,
    home,
  ]);
}
