// `swarm backup` and `swarm restore` refuse wrong usage before they look for an engine, and never say a secret.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { swarmDrill } from '../support/program.ts';

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const IDENTITY = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';

let home: string;
const at = (name: string): string => join(home, name);
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-cli-'));
  await writeFile(at('phrase'), 'a-phrase-that-nobody-may-see\n');
  await writeFile(at('nothing'), '\n');
  await writeFile(at('identity'), `${IDENTITY}\n`);
  await writeFile(at('scribble'), 'AGE-SECRET-KEY-1MISTYPED\n');
  await writeFile(at('file.age'), 'no age file');
});
afterAll(() => rm(home, { recursive: true }));

const backup = (...words: string[]) => ['swarm', 'backup', '--output', at('out.age'), ...words];
const restore = (...words: string[]) => ['swarm', 'restore', '--input', at('file.age'), ...words];

test.each<[string, () => string[], string[]]>([
  [
    'no output',
    () => ['swarm', 'backup'],
    ["required option '--output <file>' not specified", '--recipient-file'],
  ],
  ['no input', () => ['swarm', 'restore'], ["required option '--input <file>' not specified"]],
  ['no lock', () => backup(), ['either recipients or a passphrase', 'got neither', '--passphrase-fd']],
  ['two locks', () => backup('--recipient', RECIPIENT, '--passphrase-file', at('phrase')), ['got both']],
  ['no key', () => restore(), ['either an identity or a passphrase', 'got neither', '--identity-file']],
  [
    'an identity for a recipient',
    () => backup('--recipient', IDENTITY),
    ['an identity, which is secret', 'age-keygen -y'],
  ],
  [
    'an identity in the file of recipients',
    () => backup('--recipient-file', at('identity')),
    ['--recipient-file, line 1'],
  ],
  [
    'no recipient',
    () => backup('--recipient', 'ssh-ed25519 AAAA'),
    ['expected a recipient of age', 'got 16 other'],
  ],
  [
    'an identity that is none',
    () => restore('--identity-file', at('scribble')),
    ['line 1: expected an identity of age'],
  ],
  [
    'an empty passphrase',
    () => backup('--passphrase-file', at('nothing')),
    ['expected a passphrase, got nothing'],
  ],
  ['an empty file of recipients', () => backup('--recipient-file', at('nothing')), ['there is no key in']],
  ['no file of passphrases', () => backup('--passphrase-file', at('gone')), ["can't be read: ENOENT"]],
  [
    'no descriptor',
    () => backup('--passphrase-fd', 'nine'),
    ['number of a descriptor to read from, got "nine"'],
  ],
  ['one that is closed', () => backup('--passphrase-fd', '99'), ["--passphrase-fd 99 can't be read: EBADF"]],
  [
    'no unlock key',
    () => restore('--identity-file', at('identity'), '--unlock-key-file', at('phrase')),
    ['SWMKEY-1-'],
  ],
  [
    'no file to bring back',
    () => ['swarm', 'restore', '--input', at('gone'), '--identity-file', at('identity')],
    ["can't be read: ENOENT", 'swarm-drill swarm backup'],
  ],
  [
    'a node with a stop command',
    () => backup('--recipient', RECIPIENT, '--node', 'n', '--stop-command', 'x'),
    ['--node was given with a command'],
  ],
  [
    "an engine that is not this host's",
    () => backup('--recipient', RECIPIENT, '--engine', 'tcp://192.0.2.1:2376'),
    ['expected the engine of this host (unix://…)', '--node'],
  ],
  [
    'an unknown command',
    () => ['swarm', 'back'],
    ["unknown command 'back'", 'expected a command: backup, restore'],
  ],
])('%s: exit 64, with what was expected', async (_, words, texts) => {
  const { exitCode, stdout, stderr } = await swarmDrill(...words());
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 64, stdout: '' });
  for (const text of texts) expect(stderr).toContain(text);
  for (const secret of [IDENTITY, 'MISTYPED', 'a-phrase-that-nobody-may-see'])
    expect(stderr).not.toContain(secret);
});

test('no data root to work on: exit 2, with the reason, and as JSON when that was asked for', async () => {
  const words = ['--data-root', at('no-such'), '--engine', `unix://${at('no.sock')}`, '--json'];
  const { exitCode, stdout, stderr } = await swarmDrill(...backup('--recipient', RECIPIENT), ...words);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    command: 'backup',
    ok: false,
    error: {
      code: 'data-root',
      blame: 'harness',
      reason: expect.stringContaining(`${at('no-such')} can't be used from here: ENOENT`),
      hint: expect.stringContaining('--data-root'),
    },
  });
  expect(stderr).toContain('what to do: ');
});

test.each([
  ['this host', () => ['--data-root', home]],
  ['a node', () => ['--node', 'manager-1']],
])('an engine that accepts connections and never answers, on %s: exit 2, and it ends', async (_, place) => {
  const callers: Socket[] = [];
  const server = createServer((socket) => callers.push(socket.resume())).listen(at('mute.sock'));
  try {
    const words = [...place(), '--engine', `unix://${at('mute.sock')}`];
    const { exitCode, stderr } = await swarmDrill(...backup('--recipient', RECIPIENT), ...words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the engine has not answered GET /_ping within 3.0 s');
    expect(stderr).toContain('what to do: ');
    expect(callers.length).toBeGreaterThan(0);
  } finally {
    for (const socket of callers) socket.destroy();
    server.close();
  }
});

test('an engine that is not there, on a node: exit 2', async () => {
  const words = ['--node', 'manager-1', '--engine', `unix://${at('no.sock')}`];
  const { exitCode, stderr } = await swarmDrill(...backup('--recipient', RECIPIENT), ...words);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("no.sock doesn't answer");
});

test.each([
  ['backup', ['--recipient <age1…>', '--passphrase-fd', '(default: systemctl stop', 'Exit codes: 0 done']],
  ['restore', ['--yes', '--again', '--unlock-key-file', 'Examples:']],
])('help of swarm %s: exit 0', async (command, texts) => {
  const { exitCode, stdout } = await swarmDrill('swarm', command, '--help');
  expect(exitCode).toBe(0);
  for (const text of texts) expect(stdout).toContain(text);
});
