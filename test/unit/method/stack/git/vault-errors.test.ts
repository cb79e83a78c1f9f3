import { expect, test } from 'vitest';
import { DrillError, finding } from '../../../../../src/support/errors.ts';
import { classifyPushFailure, explainPushFailure } from '../../../../../src/method/stack/git/vault-errors.ts';

test('gives every reason for a failed push its own code', () => {
  const outputs = {
    'history-rewritten': ' ! [rejected]        main -> main (non-fast-forward)',
    'repository-locked': `remote: error: cannot lock ref 'refs/heads/main': Unable to create './refs/heads/main.lock': File exists.`,
    'vault-full': 'remote: fatal: unable to write loose object file: No space left on device',
    'vault-refused': 'git@vault: Permission denied (publickey).',
    'vault-unreachable': 'ssh: connect to host 10.0.0.9 port 22: Connection timed out',
    interrupted: 'fatal: the remote end hung up unexpectedly',
    'push-failed': 'fatal: bad object HEAD',
  };
  for (const [code, output] of Object.entries(outputs))
    expect(classifyPushFailure(output).code, output).toBe(code);
});

test('prefers the error of ssh to the lost connection that follows from it', () => {
  const output = 'client_loop: send disconnect: Broken pipe\nfatal: the remote end hung up unexpectedly';
  expect(classifyPushFailure(output).code).toBe('vault-unreachable');
});

test('keeps the output, and passes other errors on unchanged', async () => {
  const failing = (error: Error) => explainPushFailure('cannot push main', () => Promise.reject(error));
  const output = 'remote: error: file write error: No space left on device';
  await expect(failing(finding('git push failed', { code: 'git-failed', output }))).rejects.toMatchObject({
    blame: 'finding',
    code: 'vault-full',
    message: "cannot push main: the vault's disk is full",
    output,
  });
  const moved = new DrillError('someone pushed', { code: 'moved' });
  await expect(failing(moved)).rejects.toBe(moved);
});

test('shows the last line of git for a failure that it does not know', async () => {
  const unknown = finding('git push: bad object HEAD', {
    code: 'git-failed',
    output: 'fatal: bad object HEAD',
  });
  await expect(explainPushFailure('cannot push main', () => Promise.reject(unknown))).rejects.toMatchObject({
    code: 'push-failed',
    message: 'cannot push main: git push: bad object HEAD',
  });
});
