// A place at the vault that a backup program speaks to by itself: a directory over ssh (restic, borg, rsync, git), a bucket (S3).

export type AccountKind = 'restic' | 'borg' | 'rsync' | 'git' | 's3';

export interface Account {
  /** Of the vault, as a node of the swarm sees it. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The account's directory on the vault's host; the bucket's name. */
  readonly path: string;
  /**
   * For `Node.tools`: path to text of an ssh configuration (`/run/vault/config`, in which the vault is called `vault`), the key
   * and the host's key that it names, or of S3's credentials (`/run/vault/credentials`); and the secrets that the method asked for,
   * as `/run/vault/<name>`.
   */
  readonly files: Readonly<Record<string, string>>;
}
