// Classifies what the programs really printed.
import { expect, test } from 'vitest';
import { FAILURES, classifyExit, type Program } from '../../../src/vault/failures.ts';

const program: Program = { name: 'restic', failures: { 3: FAILURES.incomplete } };

test('classifies a known exit code without output', () => {
  expect(classifyExit(program, 3, 'connection lost').code).toBe('incomplete');
  expect(classifyExit(program, 137, '').code).toBe('interrupted');
});

test('lets a job override an exit code', () => {
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
  ['something unknown', 'restic-failed'],
])('classifies %j as %s', (output, code) => {
  expect(classifyExit(program, 1, output).code).toBe(code);
});

test('falls back to the kind of the job', () => {
  expect(classifyExit(program, 1, 'pack 1f: not complete', { otherwise: FAILURES.damaged }).code).toBe(
    'artifact-damaged',
  );
});
