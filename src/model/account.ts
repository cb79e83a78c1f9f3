// An account at the vault that a backup program connects to directly: a directory over ssh (restic, borg, rsync, git), or a bucket (S3).

export type AccountKind = 'restic' | 'borg' | 'rsync' | 'git' | 's3';

export interface Account {
  /** Address at which nodes of the swarm reach the vault. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Directory on the vault's host, or name of the bucket. */
  readonly path: string;
  /**
   * For `Node.tools`: path to text of an ssh configuration (`/run/vault/config`, in which the vault is called `vault`), the key
   * and the host's key that it names, or of S3's credentials (`/run/vault/credentials`); and the secrets that the method asked for,
   * as `/run/vault/<name>`.
   */
  readonly files: Readonly<Record<string, string>>;
}
