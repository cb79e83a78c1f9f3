// A directory at the vault that a backup program of its own speaks to over ssh: restic, borg, rsync, git.

export type AccountKind = 'restic' | 'borg' | 'rsync' | 'git';

export interface Account {
  /** Of the vault, as a node of the swarm sees it. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The account's directory on the vault's host. */
  readonly path: string;
  /**
   * For `Node.tools`: path to text of an ssh configuration (`/run/vault/config`, in which the vault is called `vault`), the key
   * and the host's key that it names, and the secrets that the method asked for, as `/run/vault/<name>`.
   */
  readonly files: Readonly<Record<string, string>>;
}

/** What every ssh of a tool is started with. */
export const SSH = ['ssh', '-F', '/run/vault/config'] as const;
