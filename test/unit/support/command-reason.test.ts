import { expect, test } from 'vitest';
import { commandReason } from '../../../src/support/command-reason.ts';

test.for([
  ['pg_restore', 1, 'reading\npg_restore: error: end of file\n', 'pg_restore: error: end of file'],
  [
    'docker stack deploy',
    1,
    'non-string key in networks: false',
    'docker stack deploy: non-string key in networks: false',
  ],
  ['tar', 2, '\n', 'tar: exit code 2'],
  ['tar', 137, 'tar: Removing leading /', 'tar: exit code 137'],
] as const)('names %s, and its last line or exit code %i', ([command, exitCode, output, reason]) => {
  expect(commandReason(command, exitCode, output)).toBe(reason);
});
