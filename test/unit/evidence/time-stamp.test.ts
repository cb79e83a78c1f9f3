// The client of RFC 3161 against a real authority (`openssl ts`) behind a real HTTP server, and against servers that misbehave.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buffer } from 'node:stream/consumers';
import { bundleFromJSON } from '@sigstore/bundle';
import { connectAuthority } from '../../../src/evidence/time-stamp/client.ts';
import { runProgram } from '../../../src/support/command.ts';
import { type AuthorityOptions, OpensslAuthority } from '../../support/evidence/openssl-authority.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';

type Reply = (request: Buffer, count: number) => { status?: number; body: Uint8Array | string } | 'never';

let server: Server | undefined;
let reports: SampleReports;
let shared: OpensslAuthority;
beforeAll(() => {
  shared = new OpensslAuthority();
}, 60_000);
afterAll(() => shared[Symbol.dispose]());
beforeEach(async () => {
  reports = await SampleReports.create();
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await reports[Symbol.asyncDispose]();
});

const requests: { readonly type: string | undefined }[] = [];

/** Starts a server and returns its address. */
async function serve(reply: Reply): Promise<string> {
  let count = 0;
  server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push({ type: request.headers['content-type'] });
      const answer = reply(body, ++count);
      if (answer === 'never') return;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/timestamp-reply' });
      response.end(answer.body);
    });
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr`;
}

/** Checks a token as an auditor does, with OpenSSL. @throws if it does not verify */
async function verifyToken(token: Uint8Array, data: Uint8Array, chain: string): Promise<string> {
  const [tokenFile, dataFile] = [join(reports.path, '../token'), join(reports.path, '../data')];
  await writeFile(tokenFile, token);
  await writeFile(dataFile, data);
  const args = ['ts', '-verify', '-in', tokenFile, '-token_in', '-data', dataFile, '-CAfile', chain];
  return runProgram('openssl', args);
}

test.each<[string, AuthorityOptions]>([
  ['RSA with SHA-256', { key: 'rsa', digest: 'sha256' }],
  ['RSA with SHA-512', { key: 'rsa', digest: 'sha512' }],
  ['ECDSA with SHA-384', { key: 'ecdsa', digest: 'sha384' }],
])('gets two tokens that OpenSSL verifies, signed by %s', async (_, options) => {
  using authority = new OpensslAuthority(options);
  const url = await serve((request) => ({ body: authority.reply(request) }));
  requests.length = 0;
  const { directory, begun, sealed } = await reports.addRun({ live: true, authority: connectAuthority(url) });
  expect([...begun.warnings, ...sealed.warnings]).toEqual([]);
  expect(begun.planTime).toBe(`plan time-stamped by ${url}`);
  expect(requests).toEqual([
    { type: 'application/timestamp-query' },
    { type: 'application/timestamp-query' },
  ]);

  const plan = await readFile(join(directory, 'plan.json'));
  const planToken = await readFile(join(directory, 'plan.tsr'));
  expect(await verifyToken(planToken, plan, authority.chain)).toContain('Verification: OK');
  const bundle = bundleFromJSON(
    JSON.parse(await readFile(join(directory, 'evidence.sigstore.json'), 'utf8')),
  );
  const token = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps[0]?.signedTimestamp;
  const signature =
    bundle.content.$case === 'dsseEnvelope' ? bundle.content.dsseEnvelope.signatures[0]?.sig : undefined;
  expect(
    await verifyToken(token ?? Buffer.alloc(0), signature ?? Buffer.alloc(0), authority.chain),
  ).toContain('Verification: OK');
  await expect(verifyToken(planToken, Buffer.from('another plan'), authority.chain)).rejects.toThrow();
});

/** Answers the first request correctly, and repeats that answer. */
function replay(authority: OpensslAuthority): Reply {
  let first: Buffer | undefined;
  return (request) => ({ body: (first ??= authority.reply(request)) });
}

test.each<[string, (authority: OpensslAuthority) => Reply, RegExp]>([
  ['an error of HTTP', () => () => ({ status: 503, body: 'busy' }), /HTTP 503/],
  ['a web page', () => () => ({ body: '<html>hello</html>' }), /not a time-stamp response/],
  ['nothing', () => () => ({ body: '' }), /not a time-stamp response/],
  ['half a response', (a) => (request) => ({ body: a.reply(request).subarray(0, 200) }), /not a time-stamp/],
  ['no answer', () => () => 'never', /did not answer within 0.3 s/],
  ['too much', () => () => ({ body: Buffer.alloc(3 << 20) }), /more than 1048576 bytes/],
  [
    'a refusal',
    // PKIStatusInfo with the status 2, rejection.
    () => () => ({ body: Buffer.from('30053003020102', 'hex') }),
    /the authority refused: status 2/,
  ],
])(
  'goes on without outside time, and says so, for an authority that answers with %s',
  async (_, make, reason) => {
    using authority = new OpensslAuthority();
    const url = await serve(make(authority));
    const { begun, sealed, directory } = await reports.addRun({ authority: connectAuthority(url, 300) });
    expect(begun.planTime).toMatch(new RegExp(`^no outside time: ${url}: .*${reason.source}`));
    expect([...begun.warnings, ...sealed.warnings]).toEqual([
      expect.stringMatching(reason),
      expect.stringMatching(reason),
    ]);
    const bundle = bundleFromJSON(
      JSON.parse(await readFile(join(directory, 'evidence.sigstore.json'), 'utf8')),
    );
    expect(bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps).toEqual([]);
    expect(JSON.stringify(bundle)).not.toContain('undefined');
  },
);

test('refuses a token that was made for another request', async () => {
  const client = connectAuthority(await serve(replay(shared)));
  await client.stamp(Buffer.from('one'));
  await expect(client.stamp(Buffer.from('two'))).rejects.toThrow('for another hash');
  await expect(client.stamp(Buffer.from('one'))).rejects.toThrow('may be an old one');
});

test('names the reason when nothing listens', async () => {
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((done) => probe.once('listening', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  await expect(connectAuthority(`http://127.0.0.1:${port}`).stamp(Buffer.from('x'))).rejects.toMatchObject({
    code: 'time-stamp',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
});
