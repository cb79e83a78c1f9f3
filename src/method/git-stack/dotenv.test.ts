import { expect, test } from 'vitest';
import { parseEnv } from './dotenv.ts';

test('names and values, comments, quotes', () => {
  const text = `
# images
IMAGE=registry.example.org/shop:1.2@sha256:abc
export PORT=8080   # published
EMPTY=
QUOTED="with spaces and #"
SINGLE='with $ and \\ and "'
`;
  expect(parseEnv(text, '.env')).toEqual({
    IMAGE: 'registry.example.org/shop:1.2@sha256:abc',
    PORT: '8080',
    EMPTY: '',
    QUOTED: 'with spaces and #',
    SINGLE: 'with $ and \\ and "',
  });
});

test('what shells and compose tools read in different ways is refused by its line, and its value is not told', () => {
  for (const line of [
    'PRICE=$5',
    'P="a\\"b"',
    'A=geheim geheim',
    '1A=b',
    'just words',
    "OPEN='geheim",
    'A = b',
  ])
    expect(() => parseEnv(`FINE=1\n${line}\n`, 'web.env')).toThrow(
      /^line 2 of web\.env is not a plain NAME=value$/,
    );
});
