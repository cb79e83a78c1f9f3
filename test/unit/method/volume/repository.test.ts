// What is left of what programs printed.
import { expect, test } from 'vitest';
import { plainMessages } from '../../../../src/method/volume/repository.ts';

test('messages come out of their JSON; counts and progress are left out', () => {
  const printed = [
    '{"message_type":"status","percent_done":0.5}',
    '{"message_type":"error","error":{"message":"open /data/a: permission denied"},"during":"archival","item":"/data/a"}',
    '{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}',
    '{"type":"log_message","levelname":"ERROR","msgid":"LockTimeout","message":"Failed to create/acquire the lock"}',
    '\u001b[2Ksubprocess ssh: Connection closed',
    '{"cut off',
  ].join('\n');
  expect(plainMessages(printed)).toBe(
    [
      '/data/a: open /data/a: permission denied',
      'Fatal: wrong password or no key found',
      'Failed to create/acquire the lock',
      'subprocess ssh: Connection closed',
      '{"cut off',
    ].join('\n'),
  );
});
