// `swarm backup` and `swarm restore` refuse wrong usage before they look for an engine, and never print a secret.
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
  await writeFile(at('phrase'), 'a-secret-passphrase\n');
  await writeFile(at('nothing'), '\n');
  await writeFile(at('identity'), `${IDENTITY}\n`);
  await writeFile(at('scribble'), 'AGE-SECRET-KEY-1MISTYPED\n');
  await writeFile(at('file.age'), 'no age file');
});
afterAll(() => rm(home, { recursive: true }));

const backup = (...args: string[]) => ['swarm', 'backup', '--output', at('out.age'), ...args];
const restore = (...args: string[]) => ['swarm', 'restore', '--input', at('file.age'), ...args];

test.each<[string, () => string[], string[]]>([
  [
    'a backup without --output',
    () => ['swarm', 'backup'],
    ["required option '--output <file>' not specified", '--recipient-file'],
  ],
  [
    'a restore without --input',
    () => ['swarm', 'restore'],
    ["required option '--input <file>' not specified"],
  ],
  [
    'a backup without a recipient or passphrase',
    () => backup(),
    ['either recipients or a passphrase', 'got neither', '--passphrase-fd'],
  ],
  [
    'a recipient together with a passphrase',
    () => backup('--recipient', RECIPIENT, '--passphrase-file', at('phrase')),
    ['got both'],
  ],
  [
    'a restore without an identity or passphrase',
    () => restore(),
    ['either an identity or a passphrase', 'got neither', '--identity-file'],
  ],
  [
    'an identity given as a recipient',
    () => backup('--recipient', IDENTITY),
    ['an identity, which is secret', 'age-keygen -y'],
  ],
  [
    'an identity in the recipient file',
    () => backup('--recipient-file', at('identity')),
    ['--recipient-file, line 1'],
  ],
  [
    'an SSH key as a recipient',
    () => backup('--recipient', 'ssh-ed25519 AAAA'),
    ['expected an age recipient', 'got 16 other'],
  ],
  [
    'an identity with a typo',
    () => restore('--identity-file', at('scribble')),
    ['line 1: expected an age identity'],
  ],
  [
    'an empty passphrase file',
    () => backup('--passphrase-file', at('nothing')),
    ['expected a passphrase, got nothing'],
  ],
  ['an empty recipient file', () => backup('--recipient-file', at('nothing')), ['there is no key in']],
  [
    'a passphrase file that does not exist',
    () => backup('--passphrase-file', at('gone')),
    ["can't be read: ENOENT"],
  ],
  [
    'a descriptor that is not a number',
    () => backup('--passphrase-fd', 'nine'),
    ['number of a file descriptor to read from, got "nine"'],
  ],
  ['a closed descriptor', () => backup('--passphrase-fd', '99'), ["--passphrase-fd 99 can't be read: EBADF"]],
  [
    'an unlock key file without a key',
    () => restore('--identity-file', at('identity'), '--unlock-key-file', at('phrase')),
    ['SWMKEY-1-'],
  ],
  [
    'an input that does not exist',
    () => ['swarm', 'restore', '--input', at('gone'), '--identity-file', at('identity')],
    ["can't be read: ENOENT", 'swarm-drill swarm backup'],
  ],
  [
    '--node together with a stop command',
    () => backup('--recipient', RECIPIENT, '--node', 'n', '--stop-command', 'x'),
    ['--node was given with a command'],
  ],
  [
    'an engine on another host',
    () => backup('--recipient', RECIPIENT, '--engine', 'tcp://192.0.2.1:2376'),
    ['expected the engine of this host (unix://…)', '--node'],
  ],
  [
    'an unknown command',
    () => ['swarm', 'back'],
    ["unknown command 'back'", 'expected a command: backup, restore'],
  ],
])('refuses %s with exit code 64', async (_, args, texts) => {
  const { exitCode, stdout, stderr } = await swarmDrill(...args());
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 64, stdout: '' });
  for (const text of texts) expect(stderr).toContain(text);
  for (const secret of [IDENTITY, 'MISTYPED', 'a-secret-passphrase']) expect(stderr).not.toContain(secret);
});

test('reports a missing data root with exit code 2, as JSON with --json', async () => {
  const args = ['--data-root', at('no-such'), '--engine', `unix://${at('no.sock')}`, '--json'];
  const { exitCode, stdout, stderr } = await swarmDrill(...backup('--recipient', RECIPIENT), ...args);
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
])('ends with exit code 2 when the engine of %s accepts connections and never answers', async (_, place) => {
  const callers: Socket[] = [];
  const server = createServer((socket) => callers.push(socket.resume())).listen(at('mute.sock'));
  try {
    const args = [...place(), '--engine', `unix://${at('mute.sock')}`];
    const { exitCode, stderr } = await swarmDrill(...backup('--recipient', RECIPIENT), ...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the engine has not answered GET /_ping within 3.0 s');
    expect(stderr).toContain('what to do: ');
    expect(callers.length).toBeGreaterThan(0);
  } finally {
    for (const socket of callers) socket.destroy();
    server.close();
  }
});

test('ends with exit code 2 when the engine of a node is not there', async () => {
  const args = ['--node', 'manager-1', '--engine', `unix://${at('no.sock')}`];
  const { exitCode, stderr } = await swarmDrill(...backup('--recipient', RECIPIENT), ...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("no.sock doesn't answer");
});

test.each([
  ['backup', ['--recipient <age1…>', '--passphrase-fd', '(default: systemctl stop', 'Exit codes: 0 done']],
  ['restore', ['--yes', '--force', '--unlock-key-file', '--new-unlock-key-file', 'Examples:']],
])('prints the help of swarm %s', async (command, texts) => {
  const { exitCode, stdout } = await swarmDrill('swarm', command, '--help');
  expect(exitCode).toBe(0);
  for (const text of texts) expect(stdout).toContain(text);
});
