import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seconds } from '../../../src/support/clock.ts';
import { brokenNight, deliverTo, FAST } from '../../support/notify.ts';

const PASSWORD = 'correct horse battery staple';
let directory: string;
let certificate: { key: Buffer; cert: Buffer };

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'swarm-drill-test-'));
  writeFileSync(join(directory, 'password'), `${PASSWORD}\n`);
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  certificate = { key: readFileSync(key), cert: readFileSync(cert) };
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Mail {
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly isEncrypted: boolean;
  readonly text: string;
}

/** Starts a real SMTP server that keeps the mails it gets. */
async function startServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    ...certificate,
    onAuth({ username, password }, _, done) {
      if (password === PASSWORD) done(null, { user: username });
      else done(new Error(`wrong password ${password}`));
    },
    onData(stream, { envelope, user, secure }, done) {
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (part: string) => (text += part));
      stream.on('end', () => {
        const to = envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, user: user as string | undefined, isEncrypted: secure, text });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.server.address() as AddressInfo;
  return { mails, port, [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(done)) };
}

const mail = (port: number, more: object = {}) => ({
  kind: 'mail',
  host: 'localhost',
  port,
  from: 'drills@shop.example',
  to: ['ops@shop.example', 'dr@shop.example'],
  ...more,
});
const login = { user: 'drills', 'password-file': 'password', ca: 'cert.pem' };
const MAIL_POLICY = { ...FAST, limit: seconds(2) };
const send = (target: object) => deliverTo(target, brokenNight(), directory, MAIL_POLICY);

describe.each([
  ['starttls', {}],
  ['implicit', { secure: true }],
] as const)('with tls: %s', (tls, options) => {
  test('logs in and sends the message to everyone', async () => {
    await using server = await startServer(options);
    expect(await send(mail(server.port, { tls, ...login }))).toMatchObject({
      result: 'delivered',
      reason: null,
    });
    expect(server.mails).toMatchObject([
      { to: ['ops@shop.example', 'dr@shop.example'], user: 'drills', isEncrypted: true },
    ]);
    const text = server.mails[0]?.text.replaceAll('=\r\n', '') ?? '';
    expect(text).toMatch(/^Subject: Shop: 1 of 2 drills not recovered \(total-loss\)\r$/m);
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(text).toContain('not-recovered: total-loss (was recovered): ');
    expect(text).not.toContain(PASSWORD);
  });

  test('refuses a server whose certificate it does not know', async () => {
    await using server = await startServer(options);
    const delivery = await send(mail(server.port, { tls, ...login, ca: undefined }));
    expect(delivery).toMatchObject({
      result: 'failed',
      reason: expect.stringContaining('self-signed') as string,
    });
    expect(server.mails).toHaveLength(0);
  });
});

test('sends without TLS and login where that is asked for', async () => {
  await using server = await startServer({ authOptional: true });
  expect(await send(mail(server.port, { tls: 'none' }))).toMatchObject({ result: 'delivered' });
  expect(server.mails).toMatchObject([{ isEncrypted: false, user: undefined }]);
});

test('sends nothing in clear to a server without STARTTLS', async () => {
  await using server = await startServer({
    authOptional: true,
    hideSTARTTLS: true,
    disabledCommands: ['STARTTLS'],
  });
  expect(await send(mail(server.port))).toMatchObject({ result: 'failed' });
  expect(server.mails).toHaveLength(0);
});

test('does not repeat a refused login, nor show the password that the server repeats', async () => {
  let logins = 0;
  await using server = await startServer({
    onAuth(auth, _, done) {
      logins++;
      done(Object.assign(new Error(`bad password ${auth.password}`), { responseCode: 535 }));
    },
  });
  const delivery = await send(mail(server.port, login));
  expect(delivery?.reason).toContain('bad password [secret]');
  expect(JSON.stringify(delivery)).not.toContain(PASSWORD);
  expect(logins).toBe(1);
});

test('tries again when the server is busy', async () => {
  let tries = 0;
  await using server = await startServer({
    authOptional: true,
    onMailFrom(_, __, done) {
      tries++;
      done(tries < 2 ? Object.assign(new Error('try later'), { responseCode: 451 }) : null);
    },
  });
  expect(await send(mail(server.port, { tls: 'none' }))).toMatchObject({ result: 'delivered' });
  expect(tries).toBe(2);
});

test('ends after its time limit if the server never greets', async () => {
  await using server = await startServer({ onConnect: () => undefined });
  const delivery = await deliverTo(mail(server.port, { tls: 'none' }), brokenNight(), directory);
  expect(delivery).toMatchObject({ result: 'failed' });
  expect(delivery?.seconds).toBeLessThan(5);
});
