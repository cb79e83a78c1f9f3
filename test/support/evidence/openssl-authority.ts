// A real time-stamp authority, made of OpenSSL: a root certificate, one for time-stamps below it, and `openssl ts -reply`.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TimeStampAuthority } from '../../../src/evidence/time-stamp/authority.ts';

/** Arguments of `openssl req -newkey` for the authority's key. */
const KEYS = {
  rsa: ['rsa:2048'],
  ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
} as const;

export interface AuthorityOptions {
  readonly key?: keyof typeof KEYS;
  /** With which its signatures are made. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512';
  /** Extended key usage of its certificate. */
  readonly usage?: string;
}

export class OpensslAuthority implements TimeStampAuthority, Disposable {
  readonly url = 'openssl';
  readonly #directory: string;

  constructor({ key = 'rsa', digest = 'sha256', usage = 'critical,timeStamping' }: AuthorityOptions = {}) {
    this.#directory = mkdtempSync(join(tmpdir(), 'swarm-drill-authority-'));
    writeFileSync(this.#path('serial'), '01\n');
    writeFileSync(
      this.#path('openssl.cnf'),
      `[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[stamps]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = ${usage}
[tsa]
default_tsa = authority
[authority]
serial = ${this.#path('serial')}
signer_cert = ${this.#path('stamps.pem')}
signer_key = ${this.#path('stamps.key')}
certs = ${this.#path('root.pem')}
signer_digest = ${digest}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`,
    );
    const request = (name: string, subject: string, extensions: string, more: readonly string[]): void => {
      this.#run(
        'req',
        '-x509',
        '-newkey',
        ...KEYS[key],
        '-nodes',
        '-days',
        '2',
        '-subj',
        subject,
        '-extensions',
        extensions,
        '-keyout',
        this.#path(`${name}.key`),
        '-out',
        this.#path(`${name}.pem`),
        ...more,
      );
    };
    request('root', '/CN=Root of the tests', 'root', []);
    request('stamps', '/CN=Time of the tests', 'stamps', [
      '-CA',
      this.#path('root.pem'),
      '-CAkey',
      this.#path('root.key'),
    ]);
  }

  /** The root certificate: what an auditor pins. */
  get chain(): string {
    return this.#path('root.pem');
  }

  /** DER of the certificate that signs the tokens. */
  get certificate(): Buffer {
    return new X509Certificate(readFileSync(this.#path('stamps.pem'))).raw;
  }

  /** Returns the response to a request, both as DER. */
  reply(request: Uint8Array): Buffer {
    writeFileSync(this.#path('query'), request);
    this.#run('ts', '-reply', '-queryfile', this.#path('query'), '-out', this.#path('response'));
    return readFileSync(this.#path('response'));
  }

  /** Returns a token over `data`, with the time of this machine. */
  async stamp(data: Uint8Array): Promise<Buffer> {
    writeFileSync(this.#path('data'), data);
    this.#run('ts', '-query', '-data', this.#path('data'), '-sha256', '-cert', '-out', this.#path('query'));
    this.#run('ts', '-reply', '-queryfile', this.#path('query'), '-token_out', '-out', this.#path('token'));
    return readFileSync(this.#path('token'));
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }

  #run(command: string, ...args: readonly string[]): void {
    const config = command === 'ts' && args[0] === '-query' ? [] : ['-config', this.#path('openssl.cnf')];
    execFileSync('openssl', [command, ...args, ...config], { stdio: 'pipe' });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}
