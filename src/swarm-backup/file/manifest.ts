// What stands first in a swarm file: of which swarm it is, what was in that, and every file that follows with its hash.
import { z } from 'zod';
import { SWARM } from '../engine/manager.ts';

export const FORMAT = 'swarm-drill swarm file';
export const VERSION = 1;

/** Whether a path in a tar is `top` or below it, with nothing in it that leads elsewhere. */
export const isPathBelow = (path: string, top: string): boolean =>
  path.split('/')[0] === top &&
  !path.includes('\0') &&
  !path.split('/').some((part) => part === '' || part === '.' || part === '..');

const named = z.object({ id: z.string().min(1), name: z.string() });

const file = z.object({
  path: z.string().refine((path) => isPathBelow(path, SWARM), `expected a path below ${SWARM}/`),
  type: z.enum(['file', 'directory']),
  mode: z.int().min(0).max(0o7777),
  uid: z.int().min(0),
  gid: z.int().min(0),
  /** Seconds since 1970. */
  mtime: z.int().min(0),
  /** Bytes; 0 of a directory. */
  size: z.int().min(0),
  /** Of its content; empty of a directory. */
  sha256: z.string().regex(/^([0-9a-f]{64})?$/),
});

export const manifestSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  /** Random: tells one backup from another. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  /** UTC. */
  createdAt: z.iso.datetime(),
  tool: z.string(),
  engine: z.string(),
  cluster: z.object({
    id: z.string().min(1),
    /** SHA-256 of the root certificate's text. */
    caDigest: z.string().regex(/^[0-9a-f]{64}$/),
    autolock: z.boolean(),
    managers: z.int().min(1),
  }),
  node: z.object({
    id: z.string().min(1),
    name: z.string(),
    /** What the others in the swarm know it by, without the port. */
    address: z.string().min(1),
    /** Whether it was an address of the machine itself, and not one that is translated on the way. */
    addressIsOwn: z.boolean(),
  }),
  /** What a forced initialisation is told, so that it changes nothing: the body of `POST /swarm/init`. */
  init: z.object({
    ListenAddr: z.string(),
    AdvertiseAddr: z.string(),
    DataPathAddr: z.string(),
    DataPathPort: z.int().min(0),
    DefaultAddrPool: z.array(z.string()),
    SubnetSize: z.int().min(0),
    Spec: z.record(z.string(), z.unknown()),
  }),
  /** What there was just before the copy, by kind. */
  objects: z.object({
    nodes: z.array(named),
    services: z.array(named),
    networks: z.array(named),
    secrets: z.array(named),
    configs: z.array(named),
  }),
  files: z.array(file).min(1),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type FileFact = Manifest['files'][number];
export type Objects = Manifest['objects'];
export type Named = z.infer<typeof named>;

/** Without one of these the engine makes nothing of the directory; without the certificate it deletes the whole of it. */
const NEEDED = [
  `${SWARM}/docker-state.json`,
  `${SWARM}/certificates/swarm-node.crt`,
  `${SWARM}/certificates/swarm-node.key`,
  `${SWARM}/certificates/swarm-root-ca.crt`,
] as const;
const WAL = new RegExp(String.raw`^${SWARM}/raft/wal-v3-encrypted/.+\.wal$`);

/** What a manager's directory should have and this one hasn't. */
export function missingParts(files: readonly Pick<FileFact, 'path'>[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return [
    ...NEEDED.filter((path) => !paths.has(path)),
    ...([...paths].some((path) => WAL.test(path)) ? [] : [`${SWARM}/raft/wal-v3-encrypted/*.wal`]),
  ];
}
