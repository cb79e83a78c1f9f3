// Sigstore bundles (https://docs.sigstore.dev/about/bundle/) with a DSSE envelope, signed by a key that is only named:
// https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
import { type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { decodeBase64, decodeText, matchSchema, parseJson, Unreadable } from './strict.ts';

export const IN_TOTO = 'application/vnd.in-toto+json';
export const LEDGER_HEAD = 'application/vnd.swarm-drill.ledger-head+json';

const BundleFile = z.strictObject({
  mediaType: z.literal('application/vnd.dev.sigstore.bundle.v0.3+json'),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.string().regex(/^[0-9a-f]{64}$/, 'expected the id of a key') }),
    timestampVerificationData: z
      .strictObject({
        rfc3161Timestamps: z
          .array(z.strictObject({ signedTimestamp: z.string() }))
          .max(1)
          .optional(),
      })
      .optional(),
    tlogEntries: z.tuple([]).optional(),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.string(),
    payloadType: z.string(),
    signatures: z.tuple([z.strictObject({ sig: z.string(), keyid: z.string().optional() })]),
  }),
});

export interface Bundle {
  readonly payload: Buffer;
  readonly payloadType: string;
  readonly signature: Buffer;
  /** SHA-256 of the public key (SPKI, DER). */
  readonly keyId: string;
  /** DER of the RFC 3161 token over the signature. */
  readonly token: Buffer | null;
}

/** @throws Unreadable */
export function parseBundle(bytes: Uint8Array, payloadType: string): Bundle {
  const file = matchSchema(BundleFile, parseJson(decodeText(bytes)));
  const [{ sig, keyid }] = file.dsseEnvelope.signatures;
  const { publicKey, timestampVerificationData: times } = file.verificationMaterial;
  if (file.dsseEnvelope.payloadType !== payloadType)
    throw new Unreadable('another type of payload', payloadType, file.dsseEnvelope.payloadType);
  if (keyid !== undefined && keyid !== publicKey.hint)
    throw new Unreadable('the signature and the bundle name different keys', publicKey.hint, keyid);
  const [time] = times?.rfc3161Timestamps ?? [];
  return {
    payload: decodeBase64(file.dsseEnvelope.payload),
    payloadType,
    signature: decodeBase64(sig),
    keyId: publicKey.hint,
    token: time ? decodeBase64(time.signedTimestamp) : null,
  };
}

/** Returns whether `key` signed the bundle's payload and its type. */
export function isSignedBy({ payload, payloadType, signature }: Bundle, key: KeyObject): boolean {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return verify(null, Buffer.concat([Buffer.from(head), payload]), key, signature);
}
