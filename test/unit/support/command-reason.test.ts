// The one-line reason of a failed command: what was run, and the line of its output that says why it failed.
import { expect, test } from 'vitest';
import { commandName, commandReason } from '../../../src/support/command-reason.ts';

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
  ['ssh', 255, 'ssh: connect to host vault port 22: refused', 'ssh: connect to host vault port 22: refused'],
] as const)('names %s, and its last line or exit code %i', ([command, exitCode, output, reason]) => {
  expect(commandReason(command, exitCode, output)).toBe(reason);
});

test.for([
  [
    'tar',
    'tar: a: Cannot open: No such file or directory\ntar: Exiting with failure status due to previous errors',
    'tar: a: Cannot open: No such file or directory',
  ],
  [
    'psql',
    'psql:x.sql:7: ERROR:  relation "orders" does not exist\nLINE 1: SELECT * FROM orders;\n                      ^',
    'psql: psql:x.sql:7: ERROR:  relation "orders" does not exist',
  ],
  [
    'rsync',
    'rsync: [sender] opendir "/x" failed: Permission denied (13)\nrsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1338) [sender=3.4.1]',
    'rsync: [sender] opendir "/x" failed: Permission denied (13)',
  ],
  [
    'docker stack deploy',
    "unknown flag: --wait\nSee 'docker stack deploy --help'.\n\nUsage:  docker stack deploy [OPTIONS] STACK\n\nDeploy a new stack",
    'docker stack deploy: unknown flag: --wait',
  ],
  [
    'python3',
    'usage: web.py [-h] --port PORT\nweb.py: error: the following arguments are required: --port',
    'python3: web.py: error: the following arguments are required: --port',
  ],
  ['tar', 'tar: Error is not recoverable: exiting now', 'tar: Error is not recoverable: exiting now'],
] as const)('gives the reason of %s, not what it prints after it', ([command, output, reason]) => {
  expect(commandReason(command, 2, output)).toBe(reason);
});

test.for([
  [['docker', 'stack', 'deploy', '--detach=true', '--compose-file', '-', 'shop'], 'docker stack deploy'],
  [['docker', '--host', 'unix:///x.sock', 'system', 'dial-stdio'], 'docker system dial-stdio'],
  [['docker', 'run', '--rm', 'image', 'sh'], 'docker run'],
  [['/usr/bin/docker', 'version', '--format', '{{.Server.Version}}'], 'docker version'],
  [['git', '-C', '/x', '-c', 'a=b', 'fetch', 'origin'], 'git fetch'],
  [['restic', '--repo', 's3:x', 'backup', '/data'], 'restic backup'],
  [['sh', '-c', 'docker stack deploy shop'], 'sh'],
  [['pg_dump', '--format', 'custom', 'shop'], 'pg_dump'],
] as const)('names the command of %j', ([argv, name]) => {
  expect(commandName(argv)).toBe(name);
});
