// Options of the docker CLI by its version.
import { expect, test } from 'vitest';
import { parseCliVersion, requireStackConfig, stackDeployOptions } from '../../../src/swarm/docker-cli.ts';

const nodeWith = (version: string) => ({
  name: 'manager-1',
  exec: (argv: readonly string[]) =>
    argv.join(' ') === 'docker --version'
      ? Promise.resolve(version)
      : Promise.reject(new Error('unexpected')),
});

test.each([
  ['Docker version 20.10.24+dfsg1, build 297e128', [20, 10]],
  ['Docker version 26.1.5+dfsg1, build a72d7cd\n', [26, 1]],
  ['Docker version 28.5.2, build ecc6942', [28, 5]],
  ['podman', undefined],
])('reads the version of "%s"', (text, version) => {
  expect(parseCliVersion(text)).toEqual(version);
});

test.each([
  ['20.10.24', []],
  ['25.0.5', []],
  ['26.0.0', ['--detach=true']],
  ['28.5.2', ['--detach=true']],
])('passes --detach to docker stack deploy of %s only where it exists', async (version, expected) => {
  expect(await stackDeployOptions(nodeWith(`Docker version ${version}, build 1`))).toEqual([
    '--resolve-image',
    'never',
    ...expected,
  ]);
});

test('refuses a CLI without docker stack config', async () => {
  await expect(requireStackConfig(nodeWith('Docker version 20.10.24, build 1'))).rejects.toThrow(
    'manager-1: docker stack config needs docker CLI 23.0 or later, got 20.10',
  );
  await expect(requireStackConfig(nodeWith('Docker version 23.0.0, build 1'))).resolves.toBeUndefined();
});
