// Programs that are called on a node are few, and listed in docs/design.md: they must work with BusyBox.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const LIST =
  /\*\*Inside a node\*\* [^]*?\n\n/.exec(readFileSync(join(ROOT, 'docs/design.md'), 'utf8'))?.[0] ?? '';
const LISTED = new Set([...LIST.matchAll(/`([a-z]+)`/g)].map(([, program]) => program));
/** A program, or a script for `sh`, that is started on a node. The vault's host and tasks have other images. */
const CALL = /\b(?:this\.)?(?:node|manager)\.(?:exec|startProcess)\(\s*\[\s*'([^']+)'/g;

const calls = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('vault/'))
  .flatMap((file) =>
    [...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(CALL)].map(([, program]) => ({
      file,
      program,
    })),
  );

test('finds the calls', () => {
  expect(calls.length).toBeGreaterThan(8);
  expect(calls.map(({ program }) => program)).toEqual(expect.arrayContaining(['docker', 'sh']));
});

test('every program that is called on a node is in the list', () => {
  expect(calls.filter(({ program }) => !LISTED.has(program))).toEqual([]);
});
