// Signs a payload (DSSE), and puts the envelope with the id of the key and the time-stamp into a Sigstore bundle: one file of JSON
// that cosign and the libraries of Sigstore read.
import { bundleToJSON, type SerializedBundle, toDSSEBundle } from '@sigstore/bundle';
import type { SigningKey } from './keys.ts';

/** Of in-toto statements. */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** A payload and its signature. */
export interface SignedPayload {
  readonly payload: string;
  readonly payloadType: string;
  readonly signature: Buffer;
  readonly keyId: string;
}

export function signPayload(payload: string, payloadType: string, key: SigningKey): SignedPayload {
  return {
    payload,
    payloadType,
    signature: key.sign(preAuthenticationEncoding(payloadType, Buffer.from(payload))),
    keyId: key.id,
  };
}

/**
 * Returns the text of the bundle.
 * @param token DER of an RFC 3161 token over the signature's bytes, if there is one
 */
export function renderBundle(signed: SignedPayload, token?: Uint8Array): string {
  const bundle = toDSSEBundle({
    artifact: Buffer.from(signed.payload),
    artifactType: signed.payloadType,
    signature: signed.signature,
    keyHint: signed.keyId,
  });
  const { timestampVerificationData } = bundle.verificationMaterial;
  if (token) timestampVerificationData?.rfc3161Timestamps.push({ signedTimestamp: Buffer.from(token) });
  return `${JSON.stringify(bundleToJSON(bundle), null, 2)}\n`;
}

/** Returns the payload of a bundle's envelope as text. @throws TypeError if the text is another thing */
export function payloadOf(bundle: string): string {
  const { dsseEnvelope } = JSON.parse(bundle) as SerializedBundle;
  if (!dsseEnvelope) throw new TypeError('expected a bundle with a DSSE envelope');
  return Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8');
}

/** The bytes that are signed: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
function preAuthenticationEncoding(type: string, payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `),
    payload,
  ]);
}
