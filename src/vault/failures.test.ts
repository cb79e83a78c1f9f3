// What exit codes and words mean, on what the programs really printed.
import { expect, test } from 'vitest';
import { MEANING, meaningOf, type Program } from './failures.ts';

const program: Program = { name: 'restic', meanings: { 3: MEANING.incomplete } };

test('an exit code that has a meaning needs no words', () => {
  expect(meaningOf(program, 3, 'connection lost').code).toBe('incomplete');
  expect(meaningOf(program, 137, '').code).toBe('interrupted');
});

test('a job may give an exit code another meaning', () => {
  expect(meaningOf(program, 3, '', { meanings: { 3: MEANING.damaged } }).code).toBe('artifact-damaged');
});

test.each([
  ['sftp: no space left on device', 'vault-full'],
  [
    'rsync: [receiver] mkstemp failed: No space left on device (28)\nconnection unexpectedly closed',
    'vault-full',
  ],
  ['the vault refuses "keep one": it is kept already', 'vault-refused'],
  ['root@vault: Permission denied (publickey).\nrsync: connection unexpectedly closed', 'vault-refused'],
  ['Timeout, server vault not responding.', 'vault-unreachable'],
  ['Fatal: unable to save snapshot: ssh command exited: exit status 255', 'vault-unreachable'],
  ['signal interrupt received, cleaning up\nFatal: unable to save snapshot: context canceled', 'interrupted'],
  ['something that nobody has seen yet', 'restic-failed'],
])('%j means %s', (words, code) => {
  expect(meaningOf(program, 1, words).code).toBe(code);
});

test('what nothing explains means what the job says', () => {
  expect(meaningOf(program, 1, 'pack 1f: not complete', { otherwise: MEANING.damaged }).code).toBe(
    'artifact-damaged',
  );
});
