// How ssh connects to the vault: batch mode, one known host key, one identity, and time limits, so that a dead vault is a failure soon.

/** The ssh command line of every backup program. */
export const SSH = ['ssh', '-F', '/run/vault/config'] as const;

interface SshHost {
  /** The name that ssh is called with. */
  readonly alias: string;
  readonly address: string;
  readonly user: string;
  /** Path of the private key. */
  readonly identity: string;
  readonly knownHosts: string;
}

/** Returns the section of an ssh configuration for one alias of the vault. */
export const sshConfig = ({ alias, address, user, identity, knownHosts }: SshHost): string =>
  `Host ${alias}
  HostName ${address}
  User ${user}
  HostKeyAlias vault
  IdentityFile ${identity}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHosts}
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel INFO
  ConnectTimeout 10
  ServerAliveInterval 5
  ServerAliveCountMax 2
`;
