// A raft key in a header of the node key: base64 of a protobuf message, swarmkit's MaybeEncryptedRecord (api/types.proto).
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { secretbox } from '@noble/ciphers/salsa.js';
import { finding } from '../../support/errors.ts';
import { openFernet } from './fernet.ts';

/** Numbers of the message's fields, and of the algorithms in the first one. */
const FIELD = { algorithm: 1, data: 2, nonce: 3 };
const ALGORITHM = { none: 0, naclSecretbox: 1, fernet: 2 };

/** The headers with a raft key: the one that the raft log is encrypted with, and the next one while it is replaced. */
export const RAFT_KEYS: readonly string[] = ['raft-dek', 'raft-dek-pending'];

const RAFT_KEY_BYTES = 32;

interface SealedRecord {
  readonly algorithm: number;
  readonly data: Uint8Array;
  readonly nonce: Uint8Array;
}

/**
 * Returns the raft key in the header `name`.
 * @param key the 32 bytes of the unlock key
 * @throws DrillError `raft-key-damaged`, `raft-key-unknown`
 */
export function openRaftKey(name: string, value: string, key: Uint8Array): Uint8Array {
  let record: SealedRecord | undefined;
  let raftKey: Uint8Array | undefined;
  try {
    record = parseRecord(Buffer.from(value, 'base64'));
    raftKey = OPENERS.get(record.algorithm)?.(record, key);
  } catch {
    // The cause is left out: it may quote what it could not read.
  }
  if (record && !OPENERS.has(record.algorithm))
    throw finding(
      `the header ${name} of the node key is encrypted with the algorithm ${record.algorithm}, which is unknown (known: 1 NaCl secretbox, 2 Fernet)`,
      { code: 'raft-key-unknown', hint: 'Use a newer swarm-drill.' },
    );
  if (raftKey?.length !== RAFT_KEY_BYTES)
    throw finding(
      `the header ${name} of the node key is damaged: the unlock key opens the key, but not this header`,
      {
        code: 'raft-key-damaged',
        hint: 'Use another backup.',
      },
    );
  return raftKey;
}

/** What opens a record, by its algorithm. @throws when the key is another one */
const OPENERS = new Map<number, (record: SealedRecord, key: Uint8Array) => Uint8Array>([
  [ALGORITHM.none, ({ data }) => data],
  [ALGORITHM.naclSecretbox, ({ data, nonce }, key) => secretbox(key, nonce).open(data)],
  [ALGORITHM.fernet, ({ data }, key) => openFernet(data, key)],
]);

/** Returns the header's value for a raft key that is not encrypted: what an engine without autolock writes. */
export const plainRaftKey = (raftKey: Uint8Array): string =>
  Buffer.from(new BinaryWriter().tag(FIELD.data, WireType.LengthDelimited).bytes(raftKey).finish()).toString(
    'base64',
  );

/** Whether the raft key in a header is encrypted. @throws Error when it is not a record */
export const isSealedRaftKey = (value: string): boolean =>
  parseRecord(Buffer.from(value, 'base64')).algorithm !== ALGORITHM.none;

function parseRecord(bytes: Uint8Array): SealedRecord {
  const reader = new BinaryReader(bytes);
  const record: { -readonly [Field in keyof SealedRecord]: SealedRecord[Field] } = {
    algorithm: ALGORITHM.none,
    data: new Uint8Array(),
    nonce: new Uint8Array(),
  };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === FIELD.algorithm) record.algorithm = reader.int32();
    else if (field === FIELD.data) record.data = reader.bytes();
    else if (field === FIELD.nonce) record.nonce = reader.bytes();
    else reader.skip(wireType, field);
  }
  return record;
}
