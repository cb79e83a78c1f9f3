// How a person names an engine: an address, or a docker context; over TLS with the certificates of the context.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineEnvironment } from '../../../../src/lab/engine/client.ts';
import { connect, unreachableReason } from '../../../../src/lab/engine/connect.ts';
import { openEndpoint } from '../../../../src/lab/engine/endpoint.ts';
import { findEngine } from '../../../../src/lab/open.ts';

let config: string;
beforeEach(async () => {
  config = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  vi.stubEnv('DOCKER_CONFIG', config);
});
afterEach(() => rm(config, { recursive: true }));

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');

/** Writes what `docker context create` writes. */
async function createContext(name: string, docker: object): Promise<string> {
  const meta = join(config, 'contexts/meta', idOf(name));
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker } }));
  return join(config, 'contexts/tls', idOf(name), 'docker');
}

/** A CA, a server certificate for 127.0.0.1 and a client certificate, all in `directory` as the CLI names them. */
async function createCertificates(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=ca', '-days', '2');
  for (const [name, extension] of [
    ['server', 'subjectAltName=IP:127.0.0.1'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.csr`];
    openssl('req', ...key, ...files, '-subj', `/CN=${name}`, '-addext', extension);
    const ca = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...ca, '-out', `${name}.pem`, '-days', '2');
  }
  await writeFile(join(directory, 'cert.pem'), await readFile(join(directory, 'client.pem')));
  await writeFile(join(directory, 'key.pem'), await readFile(join(directory, 'client-key.pem')));
}

test('an address is used as it is', async () => {
  for (const address of ['unix:///run/docker.sock', 'tcp://192.0.2.1:2375'])
    expect(await openEndpoint(address)).toMatchObject({ address, host: address });
});

test('a context has the address of its engine', async () => {
  await createContext('staging', { Host: 'unix:///run/staging.sock' });
  expect(await openEndpoint('staging')).toMatchObject({
    address: 'staging',
    host: 'unix:///run/staging.sock',
  });
});

test('an engine over TLS is asked with the certificates of its context, and refuses without', async () => {
  const directory = await createContext('secure', { Host: 'tcp://127.0.0.1:0' });
  await createCertificates(directory);
  const read = (name: string) => readFile(join(directory, name));
  const server = createServer(
    {
      cert: await read('server.pem'),
      key: await read('server-key.pem'),
      ca: await read('ca.pem'),
      requestCert: true,
    },
    (_, response) => response.end('OK'),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await createContext('secure', { Host: address });
    const { host } = await openEndpoint('secure');
    expect(await unreachableReason(connect(host))).toBeUndefined();
    expect(engineEnvironment(host)).toEqual({
      DOCKER_HOST: address,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: directory,
    });
    // The control: without the client's certificate, and with a CA that did not sign the server's.
    await rm(join(directory, 'cert.pem'));
    await rm(join(directory, 'key.pem'));
    expect(await unreachableReason(connect(host))).toBeDefined();
    await createCertificates(directory);
    expect(await unreachableReason(connect(host))).toContain('certificate');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('refuses a context that does not verify its engine', async () => {
  await createContext('careless', { Host: 'tcp://192.0.2.1:2376', SkipTLSVerify: true });
  await expect(openEndpoint('careless')).rejects.toMatchObject({
    blame: 'usage',
    message: 'the docker context "careless" skips the verification of its engine',
  });
});

test('names the known contexts when there is none of that name', async () => {
  await createContext('staging', { Host: 'unix:///run/staging.sock' });
  await expect(openEndpoint('stagin')).rejects.toMatchObject({
    blame: 'usage',
    message:
      'expected an engine at unix://, npipe://, tcp:// or ssh://, or a docker context (staging), got "stagin"',
  });
});

test('the engine that is found is that of the current context, if it answers', async () => {
  await createContext('staging', { Host: 'unix:///nowhere/staging.sock' });
  await writeFile(join(config, 'config.json'), JSON.stringify({ currentContext: 'staging' }));
  const { tried } = await findEngine();
  expect(tried[0]).toMatch(/^staging: connect ENOENT/);
});

test('an ssh host that can’t be reached is not an engine, and the hint is a command to try', async () => {
  const bin = join(config, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'ssh'),
    '#!/bin/sh\necho "ssh: connect to host two port 22: refused" >&2\nexit 255\n',
    {
      mode: 0o755,
    },
  );
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
  await expect(openEndpoint('ssh://root@two:2222/run/docker.sock')).rejects.toMatchObject({
    code: 'no-engine',
    message: expect.stringContaining('ssh: connect to host two port 22: refused') as string,
    hint: expect.stringContaining('ssh -l root -p 2222 two docker version') as string,
  });
});
