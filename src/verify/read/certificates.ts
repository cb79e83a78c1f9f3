// Follows the certificate of a time-stamp authority to a pinned one.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { usage } from '../../support/errors.ts';
import { Unreadable } from './strict.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const LONGEST_CHAIN = 8;

export interface Link {
  /** DER of the certificate that signed the token. */
  readonly certificate: Buffer;
  /** DER of those that the token brings along. */
  readonly embedded: readonly Buffer[];
  readonly pinned: readonly Buffer[];
  /** At which each must have been valid. */
  readonly at: Date;
}

/**
 * Requires that each certificate was issued by the next, up to a pinned one, was valid at the time, and that the first may sign
 * time-stamps. Revocation is not looked up: the verifier works offline.
 * @throws Unreadable
 */
export function followChain({ certificate, embedded, pinned, at }: Link): void {
  const signer = new X509Certificate(certificate);
  // Node.js calls the extended key usages keyUsage.
  const usages: readonly string[] = signer.keyUsage ?? [];
  if (usages.length !== 1 || usages[0] !== TIME_STAMPING)
    throw new Unreadable('token: its certificate is not for time-stamps', TIME_STAMPING, usages.join(', '));
  const trusted = new Set(pinned.map((der) => fingerprint(new X509Certificate(der))));
  const chain = buildChain(signer, [...embedded, ...pinned]);
  const anchor = chain.findIndex((link) => trusted.has(fingerprint(link)));
  if (anchor < 0)
    throw new Unreadable(
      'token: its certificates do not lead to the pinned chain',
      'an issuer in the pinned chain',
      chain.at(-1)?.issuer.replaceAll('\n', ', '),
    );
  for (const link of chain.slice(0, anchor + 1)) requireValid(link, at);
  const known = new Set([...trusted, ...chain.map(fingerprint)]);
  const idle = embedded.map((der) => new X509Certificate(der)).find((one) => !known.has(fingerprint(one)));
  if (idle)
    throw new Unreadable(
      'token: has a certificate that is not part of its chain, or was changed',
      'only the certificates of its chain',
      idle.subject.replaceAll('\n', ', '),
    );
}

/** Returns the certificate, its issuer, and so on, as far as they are known. A root counts only if it signed itself. */
function buildChain(signer: X509Certificate, known: readonly Buffer[]): X509Certificate[] {
  const candidates = known.map((der) => new X509Certificate(der));
  const chain = [signer];
  for (let link: X509Certificate | undefined = signer; link && chain.length < LONGEST_CHAIN;) {
    const below: X509Certificate = link;
    link = candidates.find(
      (one) => one.ca && isIssuer(one, below) && (!isSelfIssued(one) || isIssuer(one, one)),
    );
    if (!link || chain.some((one) => fingerprint(one) === fingerprint(link))) break;
    chain.push(link);
  }
  return chain;
}

const isSelfIssued = ({ subject, issuer }: X509Certificate): boolean => subject === issuer;
const fingerprint = ({ fingerprint256 }: X509Certificate): string => fingerprint256;

const isIssuer = (candidate: X509Certificate, of: X509Certificate): boolean =>
  of.checkIssued(candidate) && of.verify(candidate.publicKey);

function requireValid({ subject, validFromDate, validToDate }: X509Certificate, at: Date): void {
  if (at < validFromDate || at > validToDate)
    throw new Unreadable(
      `token: the certificate of ${subject.replaceAll('\n', ', ')} was not valid at its time`,
      `${validFromDate.toISOString()} to ${validToDate.toISOString()}`,
      at.toISOString(),
    );
}

/** Returns the DER of each certificate in a PEM file. @throws DrillError `usage` if there is none */
export function readChain(file: string): Buffer[] {
  try {
    const pem = readFileSync(file, 'utf8');
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error('it has no CERTIFICATE block');
    return blocks.map((block) => new X509Certificate(block).raw);
  } catch (error) {
    throw usage(
      `${file}: expected certificates as PEM: ${error instanceof Error ? error.message : ''}`,
      'Pass the certificates that the time-stamp authority publishes, up to its root.',
    );
  }
}
