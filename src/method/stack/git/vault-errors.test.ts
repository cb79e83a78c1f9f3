import { expect, test } from 'vitest';
import { DrillError, finding } from '../../../support/errors.ts';
import { classifyPushFailure, explainPushFailure } from './vault-errors.ts';

test('every reason why a push was not taken has a code of its own', () => {
  const words = {
    'history-rewritten': ' ! [rejected]        main -> main (non-fast-forward)',
    'repository-locked': `remote: error: cannot lock ref 'refs/heads/main': Unable to create './refs/heads/main.lock': File exists.`,
    'vault-full': 'remote: fatal: unable to write loose object file: No space left on device',
    'vault-refused': 'git@vault: Permission denied (publickey).',
    'vault-unreachable': 'ssh: connect to host 10.0.0.9 port 22: Connection timed out',
    interrupted: 'fatal: the remote end hung up unexpectedly',
    'push-failed': 'fatal: bad object HEAD',
  };
  for (const [code, said] of Object.entries(words)) expect(classifyPushFailure(said).code, said).toBe(code);
});

test('what ssh says counts more than that the line went away', () => {
  const said = 'client_loop: send disconnect: Broken pipe\nfatal: the remote end hung up unexpectedly';
  expect(classifyPushFailure(said).code).toBe('vault-unreachable');
});

test('the words are kept, and what is no failure of git stays as it is', async () => {
  const failing = (error: Error) => explainPushFailure('main was not pushed', () => Promise.reject(error));
  const output = 'remote: error: file write error: No space left on device';
  await expect(failing(finding('git push failed', { code: 'git-failed', output }))).rejects.toMatchObject({
    blame: 'finding',
    code: 'vault-full',
    message: "main was not pushed: the vault's disk is full",
    output,
  });
  const moved = new DrillError('somebody pushed', { code: 'moved' });
  await expect(failing(moved)).rejects.toBe(moved);
});
