// The messages of RFC 3161: a request with the hash of something, and the response with a token.
import { createHash, randomBytes } from 'node:crypto';
import { type BaseBlock, fromBER, Integer, Null, OctetString, Sequence } from 'asn1js';
import {
  AlgorithmIdentifier,
  ContentInfo,
  MessageImprint,
  SignedData,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';
import { DrillError } from '../../support/errors.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
/** Of PKIStatus: granted, and granted with modifications. Everything else is a refusal. */
const GRANTED: readonly number[] = [0, 1];

export interface TimeStampRequest {
  /** DER, to send. */
  readonly der: Uint8Array;
  readonly hash: Buffer;
  readonly nonce: Buffer;
}

/** Creates a request for the SHA-256 of `data`, with a random number that the answer has to repeat, and for the certificate. */
export function createRequest(data: Uint8Array): TimeStampRequest {
  const hash = createHash('sha256').update(data).digest();
  const nonce = randomBytes(8);
  // A positive number in its only spelling: the highest bit is the sign, and the first byte may not be zero.
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256, algorithmParams: new Null() }),
      hashedMessage: new OctetString({ valueHex: bufferOf(hash) }),
    }),
    nonce: new Integer({ valueHex: bufferOf(nonce) }),
    certReq: true,
  });
  return { der: new Uint8Array(request.toSchema().toBER()), hash, nonce };
}

/**
 * Returns the token of a response, byte by byte as the authority sent it: encoding it again could change what its signature covers.
 * The signature itself is checked by `swarm-drill verify`, against the certificates that an auditor trusts.
 * @throws DrillError `time-stamp` for a refusal, for another hash or number than those of the request, and for anything else
 */
export function readToken(response: Uint8Array, { hash, nonce }: TimeStampRequest): Uint8Array {
  try {
    return requireToken(response, hash, nonce);
  } catch (cause) {
    if (cause instanceof DrillError) throw cause;
    throw timeStampError('the answer is not a time-stamp response', cause);
  }
}

export const timeStampError = (reason: string, cause?: unknown): DrillError =>
  new DrillError(reason, { code: 'time-stamp', ...(cause !== undefined && { cause }) });

function requireToken(response: Uint8Array, hash: Buffer, nonce: Buffer): Uint8Array {
  const asn1 = fromBER(bufferOf(response));
  if (asn1.offset === -1 || !(asn1.result instanceof Sequence))
    throw timeStampError('the answer is not a time-stamp response');
  const { status } = new TimeStampResp({ schema: asn1.result });
  if (!GRANTED.includes(status.status))
    throw timeStampError(
      `the authority refused: status ${status.status} ${(status.statusStrings ?? [])
        .map((text) => text.valueBlock.value)
        .join(' ')}`.trim(),
    );
  const token: BaseBlock | undefined = asn1.result.valueBlock.value[1];
  if (!token) throw timeStampError('the answer has no token');
  const info = readInfo(token);
  const imprint = Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView);
  if (info.messageImprint.hashAlgorithm.algorithmId !== SHA256 || !imprint.equals(hash))
    throw timeStampError('the token is for another hash than the one that was sent');
  if (!info.nonce || !Buffer.from(info.nonce.valueBlock.valueHexView).equals(nonce))
    throw timeStampError('the token does not repeat the random number of the request: it may be an old one');
  return new Uint8Array(token.valueBeforeDecodeView);
}

function readInfo(token: BaseBlock): TSTInfo {
  const signed = new SignedData({ schema: new ContentInfo({ schema: token }).content });
  const { eContentType, eContent } = signed.encapContentInfo;
  if (eContentType !== TST_INFO || !eContent) throw timeStampError('the token has no time');
  return TSTInfo.fromBER(eContent.getValue());
}

/** Copies: the buffers of Node.js may be parts of larger ones. */
const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
