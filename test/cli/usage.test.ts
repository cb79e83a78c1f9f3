// A usage error exits with 64 and states what was expected and what was given; help and version exit with 0.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { swarmDrill, swarmDrillWith } from '../support/program.ts';

/** A run without a lab is reported, too. */
const REPORTS = join(tmpdir(), `swarm-drill-usage-${process.pid}`);
afterAll(() => rmSync(REPORTS, { recursive: true, force: true }));

test.each([
  [
    'an unknown drill',
    ['run', 'totl-loss'],
    ['single-manager', 'got "totl-loss"', 'Did you mean "total-loss"?'],
  ],
  [
    'an unknown drill that is similar to none',
    ['run', 'xyz'],
    ['single-manager', 'got "xyz"', 'swarm-drill list'],
  ],
  ['an unknown command', ['lst'], ["unknown command 'lst'", 'Did you mean list', 'run, list, doctor']],
  ['no command', [], ['swarm-drill run', 'Commands:']],
  ['an unknown option', ['run', '--rt', '5'], ["unknown option '--rt'", 'Did you mean --rto', '--rpo']],
  ['an objective that is not a number', ['run', '--rto', 'abc'], ['seconds above 0, got "abc"']],
  ['a negative objective', ['run', '--rpo=-5'], ['seconds above 0, got "-5"']],
  ['a drill limit of nothing', ['run', '--drill-limit', '0'], ['minutes above 0 and at most 10000, got "0"']],
  ['an empty objective', ['run', '--rto='], ['seconds above 0, got ""']],
  ['an unknown size', ['run', '--size', 'huge'], ['Expected small, medium, large, got "huge"']],
  ['an unknown engine version', ['run', '--engine-version', '19'], ['Allowed choices are 20.10, 26.1, 28.5']],
  ['an option without its value', ['run', '--seed'], ["'--seed <text>' argument missing"]],
  ['report without a directory', ['report'], ["missing required argument 'directory'"]],
  ['report of two directories', ['report', 'a', 'b'], ['expected one directory, got 2', '--merge']],
  ['an unknown tag', ['run', '--tag', 'hourly'], ['Expected smoke, nightly, weekly, got "hourly"']],
  [
    'a shard above the number of shards',
    ['run', '--shard', '4/3'],
    ['Expected a shard like 2/3', 'got "4/3"'],
  ],
  ['a shard 0', ['run', '--shard', '0/3'], ['counted from 1, got "0/3"']],
  [
    'more shards than drills',
    ['run', 'single-manager', '--shard', '2/2'],
    ['expected at most as many shards as drills (1), got 2: shard 2 has nothing to run'],
  ],
  [
    'a tag that no selected drill has',
    ['run', 'single-manager', '--tag', 'weekly'],
    ['no selected drill has the tag weekly', 'smoke: 1', 'weekly: 0', 'swarm-drill list'],
  ],
  [
    '--last-failed without an earlier report',
    ['run', '--last-failed', '--reports', 'nowhere'],
    ['has a report in nowhere', 'without --last-failed'],
  ],
  ['an extra argument', ['doctor', 'please'], ['too many arguments']],
])('exits with 64 for %s', async (_, args, texts) => {
  const { exitCode, stdout, stderr } = await swarmDrill(...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
  for (const text of texts) expect(stderr).toContain(text);
});

test.each([
  ['--help', ['--help'], ['Examples:', 'swarm-drill run total-loss --keep', 'Exit codes: 0 recovered']],
  ['help of run', ['run', '--help'], ['--rto <seconds>', 'Examples:']],
  ['--version', ['--version'], ['0.1.0']],
])('exits with 0 for %s', async (_, args, texts) => {
  const { exitCode, stdout, stderr } = await swarmDrill(...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const text of texts) expect(stdout).toContain(text);
});

test('exits with 2 for an engine that does not answer, with the reason and what to do', async () => {
  const { exitCode, stderr } = await swarmDrill(
    'run',
    'single-manager',
    '--engine',
    'unix:///nowhere/docker.sock',
    '--reports',
    REPORTS,
  );
  expect(exitCode).toBe(2);
  expect(stderr).toContain('the engine at unix:///nowhere/docker.sock does not answer: connect ENOENT');
  expect(stderr).toContain('what to do: ');
});

test.each([
  ['foo', ['run', 'single-manager', '--reports', REPORTS, '--engine']],
  ['foo', ['doctor', '--engine']],
])('exits with 64 for the engine address %s of %j', async (address, args) => {
  const { exitCode, stdout, stderr } = await swarmDrill(...args, address);
  expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
  expect(stderr).toContain(
    'expected an engine at unix://, npipe://, tcp:// or ssh://, or a docker context (',
  );
  expect(stderr).toContain(`), got "${address}"`);
  expect(stderr).toContain('what to do: Give --engine or DOCKER_HOST the form unix:///var/run/docker.sock');
  expect(stderr).not.toContain('    at ');
});

test('exits with 64 for an invalid address in DOCKER_HOST', async () => {
  const { exitCode, stderr } = await swarmDrillWith(
    { DOCKER_HOST: 'foo' },
    'run',
    'single-manager',
    '--reports',
    REPORTS,
  );
  expect(exitCode).toBe(64);
  expect(stderr).toContain('or a docker context (');
  expect(stderr).toContain('got "foo"');
});
