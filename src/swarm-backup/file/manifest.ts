// The manifest, the first entry of a swarm file: which swarm it is, what it contained, and every file with its hash.
import { z } from 'zod';
import { SWARM } from '../engine/manager.ts';

export const FORMAT = 'swarm-drill swarm file';
export const VERSION = 1;

/** Whether a path in a tar is `top` or below it, without `..` or anything else that leads out of it. */
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
  /** Random, different for every backup. */
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
  /** Every raft entry up to this index is in the copy. Absent when no snapshot was taken before it, and in older files. */
  raftIndex: z.int().min(1).optional(),
  node: z.object({
    id: z.string().min(1),
    name: z.string(),
    /** The address that the swarm knows it by, without the port. */
    address: z.string().min(1),
    /** Whether the machine itself had that address; otherwise it is translated on the way (NAT). */
    addressIsOwn: z.boolean(),
  }),
  /** The body of `POST /swarm/init` for a forced initialisation that changes nothing. */
  init: z.object({
    ListenAddr: z.string(),
    AdvertiseAddr: z.string(),
    DataPathAddr: z.string(),
    DataPathPort: z.int().min(0),
    DefaultAddrPool: z.array(z.string()),
    SubnetSize: z.int().min(0),
    Spec: z.looseObject({ Raft: z.looseObject({ SnapshotInterval: z.int().optional() }).optional() }),
  }),
  /** The objects just before the copy, by kind. */
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

/** Without one of these the engine can't use the directory; without the certificate it deletes all of it. */
const NEEDED = [
  `${SWARM}/docker-state.json`,
  `${SWARM}/certificates/swarm-node.crt`,
  `${SWARM}/certificates/swarm-node.key`,
  `${SWARM}/certificates/swarm-root-ca.crt`,
] as const;
const WAL = new RegExp(String.raw`^${SWARM}/raft/wal-v3-encrypted/.+\.wal$`);

/** Lists what a manager's directory needs and this one lacks. */
export function missingParts(files: readonly Pick<FileFact, 'path'>[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return [
    ...NEEDED.filter((path) => !paths.has(path)),
    ...([...paths].some((path) => WAL.test(path)) ? [] : [`${SWARM}/raft/wal-v3-encrypted/*.wal`]),
  ];
}
