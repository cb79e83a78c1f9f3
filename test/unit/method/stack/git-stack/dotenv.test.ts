import { expect, test } from 'vitest';
import { runProgram } from '../../../../../src/support/command.ts';
import {
  toShellExports,
  parseEnvFile,
  redactValues,
} from '../../../../../src/method/stack/git-stack/dotenv.ts';

test('parses names, values, comments and quotes', () => {
  const text = `
# images
IMAGE=registry.example.org/shop:1.2@sha256:abc
export PORT=8080   # published
EMPTY=
QUOTED="with spaces and #"
SINGLE='with $ and \\ and "'
`;
  expect(parseEnvFile(text, '.env')).toEqual({
    IMAGE: 'registry.example.org/shop:1.2@sha256:abc',
    PORT: '8080',
    EMPTY: '',
    QUOTED: 'with spaces and #',
    SINGLE: 'with $ and \\ and "',
  });
});

test('refuses a line that shells and compose tools read differently, without showing its value', () => {
  for (const line of [
    'PRICE=$5',
    'P="a\\"b"',
    'A=geheim geheim',
    '1A=b',
    'just words',
    "OPEN='geheim",
    'A = b',
  ])
    expect(() => parseEnvFile(`FINE=1\n${line}\n`, 'web.env')).toThrow(
      /^web\.env: line 2 is not a plain NAME=value$/,
    );
});

test('gives a shell the exact values', async () => {
  const values = { QUOTES: `it's "$HOME" \\ \`id\``, EMPTY: '', PLAIN: 'a=b #c' };
  const print = 'eval "$(cat)"; printf "%s\\n" "$QUOTES" "$EMPTY" "$PLAIN"';
  const printed = await runProgram('sh', ['-euc', print], { input: toShellExports(values) });
  expect(printed).toBe(Object.values(values).join('\n'));
});

test('redacts values with their names, the longest first', () => {
  const values = { HOST: 'shop', PASSWORD: 'shop$&secret', PORT: '80', QUOTED: 'say "it"' };
  expect(redactValues(values, JSON.stringify(['say "it"']))).toBe('["${QUOTED}"]');
  expect(redactValues(values, 'is shop$&secret at shop:80')).toBe('is ${PASSWORD} at ${HOST}:80');
});
