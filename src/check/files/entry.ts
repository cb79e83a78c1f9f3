// One name below a volume's root, as manifest.py prints it: the unit in which files are compared.

/** One file, directory or other entry of a volume, with its metadata. */
export interface Entry {
  /** Bytes, one character each; `.` is the root. `nameOf` makes it readable. */
  readonly path: string;
  /** As `ls -l` has it: `-` file, `d` directory, `l` symbolic link, `p` FIFO, `s` socket, `b` and `c` devices. */
  readonly type: string;
  /** Four octal digits, the set-uid bits first. */
  readonly mode: string;
  /** `uid:gid` */
  readonly owner: string;
  /** Seconds since 1970, a dot, nine digits. Text, since a JSON number would lose the nanoseconds. */
  readonly mtime: string;
  /** Of a file, in bytes. */
  readonly size?: number;
  readonly sha256?: string;
  /** Set if parts of the file are not allocated. */
  readonly sparse?: true;
  /** How many names the file has, if more than one, and which of them is the first. */
  readonly links?: number;
  readonly first?: string;
  /** Flags of a file or directory that `chattr` sets, as its letters. */
  readonly flags?: string;
  /** Digest of each extended attribute's value by name, ACLs included. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Of a symbolic link, bytes as in `path`. */
  readonly target?: string;
  /** Of a device, `major:minor`. */
  readonly device?: string;
}

/** Returns whether `one` comes before `other`: by the bytes of each name in the path, a directory before its entries. */
export const isBefore = (one: Entry, other: Entry): boolean => sortKey(one) < sortKey(other);
const sortKey = ({ path }: Entry): string => (path === '.' ? '' : path.replaceAll('/', '\0'));

/** Returns bytes as a readable name: text if they are text, escaped where a terminal or a reader would be misled. */
export function nameOf(bytes: string): string {
  try {
    const name = utf8.decode(Buffer.from(bytes, 'latin1'));
    return /\p{Cc}/u.test(name) ? JSON.stringify(name) : name;
  } catch {
    return bytes.replaceAll(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  }
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
