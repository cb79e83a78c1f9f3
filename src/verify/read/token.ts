// RFC 3161 time-stamp tokens: signed by an authority, they show that something existed at a time, by a clock that is not ours.
// A token is CMS (RFC 5652), of which some fields are not signed. Each of those must have the one value that the signed fields imply.
import { createHash, verify, X509Certificate } from 'node:crypto';
import { fromBER } from 'asn1js';
import {
  type AlgorithmIdentifier,
  Certificate,
  ContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  type SignerInfo,
  TSTInfo,
} from 'pkijs';
import { reasonOf } from '../../support/errors.ts';
import { followChain } from './certificates.ts';
import { Unreadable } from './strict.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';

/** Digests by object identifier. SHA-1 is left out: it is broken. */
const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** Signature algorithms by object identifier, with the digest that they imply; null if the signer names it elsewhere. */
const SIGNATURES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.1': null,
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

export interface TokenTime {
  /** The authority's time, in milliseconds since the epoch. */
  readonly at: number;
  /** How far it may be off, in milliseconds. */
  readonly accuracy: number;
  /** Subject of the authority's certificate. */
  readonly authority: string;
}

/**
 * Verifies a token over `data` against the pinned certificates, at the token's time.
 * @param pinned DER of the certificates that are trusted, with those between them and the authority's
 * @throws Unreadable
 */
export function verifyToken(token: Buffer, data: Uint8Array, pinned: readonly Buffer[]): TokenTime {
  try {
    return verifyParts(token, data, pinned);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    // What the parsers throw for bytes that they don't expect.
    throw new Unreadable(`token: not in the format of RFC 3161: ${reasonOf(error)}`);
  }
}

function verifyParts(token: Buffer, data: Uint8Array, pinned: readonly Buffer[]): TokenTime {
  const cms = parseSignedData(token);
  const [signer] = cms.signerInfos;
  if (!signer || cms.signerInfos.length !== 1)
    throw new Unreadable('token: expected one signer', '1', String(cms.signerInfos.length));
  const content = Buffer.from(cms.encapContentInfo.eContent?.getValue() ?? new ArrayBuffer(0));
  const info = TSTInfo.fromBER(content);
  const embedded = (cms.certificates ?? []).map((certificate) => {
    if (!(certificate instanceof Certificate)) throw new Unreadable('token: a certificate of another kind');
    return Buffer.from(certificate.toSchema().toBER());
  });
  const certificate = findSigner(signer, [...embedded, ...pinned]);
  requireUnsignedFields(cms, signer);
  requireSignature(signer, content, certificate);
  requireImprint(info, data);
  followChain({ certificate, embedded, pinned, at: info.genTime });
  return {
    at: info.genTime.getTime(),
    accuracy: accuracyOf(info),
    authority: new X509Certificate(certificate).subject.replaceAll('\n', ', '),
  };
}

function parseSignedData(token: Buffer): SignedData {
  const asn1 = fromBER(token);
  if (asn1.offset !== token.length || !Buffer.from(asn1.result.toBER()).equals(token))
    throw new Unreadable('token: not DER in its only spelling');
  const info = new ContentInfo({ schema: asn1.result });
  if (info.contentType !== SIGNED_DATA) throw new Unreadable('token: not signed data');
  const cms = new SignedData({ schema: info.content });
  const again = new ContentInfo({ contentType: SIGNED_DATA, content: cms.toSchema() });
  if (!Buffer.from(again.toSchema().toBER()).equals(token))
    throw new Unreadable('token: has fields that are not of its format');
  return cms;
}

function findSigner({ sid }: SignerInfo, certificates: readonly Buffer[]): Buffer {
  if (!(sid instanceof IssuerAndSerialNumber))
    throw new Unreadable('token: expected the signer by issuer and serial number');
  const found = certificates.find((der) => {
    const { issuer, serialNumber } = Certificate.fromBER(der);
    return encode(issuer) === encode(sid.issuer) && toHex(serialNumber) === toHex(sid.serialNumber);
  });
  if (!found)
    throw new Unreadable(
      'token: the certificate of its signer is missing',
      'the certificate in the token or in the pinned chain',
      'neither',
    );
  return found;
}

/** Compares the fields that the signature does not cover with those that it implies. */
function requireUnsignedFields(cms: SignedData, signer: SignerInfo): void {
  const [digest] = cms.digestAlgorithms;
  const unsigned = [
    cms.version === 3 && signer.version === 1,
    cms.digestAlgorithms.length === 1 && digest && encode(digest) === encode(signer.digestAlgorithm),
    hasNoParameters(signer.digestAlgorithm) && hasNoParameters(signer.signatureAlgorithm),
    cms.crls === undefined && cms.ocsps === undefined && signer.unsignedAttrs === undefined,
    cms.encapContentInfo.eContentType === TST_INFO,
  ];
  const field = [
    'version',
    'digest algorithms',
    'parameters',
    'revocation lists or unsigned attributes',
    'type',
  ];
  const wrong = unsigned.findIndex((right) => !right);
  if (wrong >= 0) throw new Unreadable(`token: an unsigned field was changed: ${field[wrong]}`);
}

/** Byte by byte: what the library calls equal ignores upper case and the type of a text. */
const encode = (part: { toSchema(): { toBER(): ArrayBuffer } }): string => toHex(part.toSchema());
const toHex = (part: { toBER(): ArrayBuffer }): string => Buffer.from(part.toBER()).toString('hex');

/** Parameters are absent or NULL for every algorithm of the two tables. */
function hasNoParameters({ algorithmParams }: AlgorithmIdentifier): boolean {
  if (algorithmParams === undefined) return true;
  return toHex(algorithmParams as { toBER(): ArrayBuffer }) === '0500';
}

function requireSignature(signer: SignerInfo, content: Buffer, certificate: Buffer): void {
  const digest = DIGESTS[signer.digestAlgorithm.algorithmId];
  const implied = SIGNATURES[signer.signatureAlgorithm.algorithmId];
  if (digest === undefined || implied === undefined || (implied !== null && implied !== digest))
    throw new Unreadable(
      'token: signed with an algorithm that is not accepted',
      'RSA or ECDSA with SHA-256, SHA-384 or SHA-512',
      `${signer.signatureAlgorithm.algorithmId} with ${signer.digestAlgorithm.algorithmId}`,
    );
  const attributes = signer.signedAttrs;
  if (!attributes) throw new Unreadable('token: no signed attributes');
  const valueOf = (type: string): Buffer | undefined => {
    const found = attributes.attributes.filter((attribute) => attribute.type === type);
    const [value] = found[0]?.values ?? [];
    return found.length === 1 && value ? Buffer.from((value as { toBER(): ArrayBuffer }).toBER()) : undefined;
  };
  const hash = createHash(digest).update(content).digest();
  const type = valueOf(CONTENT_TYPE);
  if (!type?.equals(Buffer.from('060b2a864886f70d0109100104', 'hex')))
    throw new Unreadable('token: the signed type is not that of a time-stamp');
  // An octet string of fewer than 128 bytes: tag, length, contents.
  if (!valueOf(MESSAGE_DIGEST)?.equals(Buffer.concat([Buffer.from([4, hash.length]), hash])))
    throw new Unreadable('token: its time was changed after it was signed');
  requireNamedCertificate(valueOf(SIGNING_CERTIFICATE_V2), valueOf(SIGNING_CERTIFICATE), certificate);
  const { publicKey } = new X509Certificate(certificate);
  const signed = Buffer.from(attributes.encodedValue);
  if (!verify(digest, signed, publicKey, Buffer.from(signer.signature.getValue())))
    throw new Unreadable('token: the signature is not that of its certificate');
}

/** The signed attributes name the certificate by its hash (RFC 5816), so that another one of the same key is refused. */
function requireNamedCertificate(v2: Buffer | undefined, v1: Buffer | undefined, der: Buffer): void {
  const attribute = v2 ?? v1;
  const hashes = (v2 ? ['sha256', 'sha384', 'sha512'] : ['sha1']).map((name) =>
    createHash(name).update(der).digest(),
  );
  if (!attribute || !hashes.some((hash) => attribute.includes(hash)))
    throw new Unreadable('token: signed for another certificate than the one in it');
}

function requireImprint({ messageImprint }: TSTInfo, data: Uint8Array): void {
  const digest = DIGESTS[messageImprint.hashAlgorithm.algorithmId];
  if (digest === undefined)
    throw new Unreadable(
      'token: over a hash that is not accepted',
      'SHA-256, SHA-384 or SHA-512',
      messageImprint.hashAlgorithm.algorithmId,
    );
  const expected = createHash(digest).update(data).digest('hex');
  const got = Buffer.from(messageImprint.hashedMessage.getValue()).toString('hex');
  if (expected !== got) throw new Unreadable('token: made for something else', expected, got);
}

const accuracyOf = ({ accuracy }: TSTInfo): number =>
  (accuracy?.seconds ?? 0) * 1000 + (accuracy?.millis ?? 0) + (accuracy?.micros ?? 0) / 1000;
