// What exit codes and words mean, on what the programs really printed.
import { expect, test } from 'vitest';
import { FAILURES, classifyExit, type Program } from './failures.ts';

const program: Program = { name: 'restic', failures: { 3: FAILURES.incomplete } };

test('an exit code that has a meaning needs no words', () => {
  expect(classifyExit(program, 3, 'connection lost').code).toBe('incomplete');
  expect(classifyExit(program, 137, '').code).toBe('interrupted');
});

test('a job may give an exit code another meaning', () => {
  expect(classifyExit(program, 3, '', { failures: { 3: FAILURES.damaged } }).code).toBe('artifact-damaged');
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
  expect(classifyExit(program, 1, words).code).toBe(code);
});

test('what nothing explains means what the job says', () => {
  expect(classifyExit(program, 1, 'pack 1f: not complete', { otherwise: FAILURES.damaged }).code).toBe(
    'artifact-damaged',
  );
});
