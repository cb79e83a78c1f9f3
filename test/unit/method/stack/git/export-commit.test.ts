import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportCommit } from '../../../../../src/method/stack/git/export-commit.ts';
import { createTemporaryDirectory } from '../../../../../src/method/stack/git/git.ts';
import { runProgram } from '../../../../../src/support/command.ts';
import { createGitRepository } from '../../../../support/git-repository.ts';

const ATTRIBUTES = 'private.yml export-ignore\nversion export-subst\n*.bat eol=crlf\n';

test('gives the files of a commit as a checkout does, and writes nothing into the repository', async () => {
  await using repository = await createGitRepository({
    '.gitattributes': ATTRIBUTES,
    'private.yml': 'services: {}\n',
    version: '$Format:%H$\n',
    'run.bat': 'echo\n',
    'shop/run.sh': '#!/bin/sh\n',
    'name with\nnewline': 'x',
  });
  await repository.git('config', 'core.splitIndex', 'true');
  await chmod(join(repository.directory, 'shop/run.sh'), 0o755);
  const commit = await repository.commit({ later: 'x' });
  await repository.write({ later: 'changed', untracked: 'x' });
  const state = () => runProgram('find', [join(repository.directory, '.git'), '-printf', '%p %T@ %s\n']);
  const before = await state();

  await using directory = await createTemporaryDirectory();
  const tar = await exportCommit(repository.directory, commit, directory.path);

  expect(await state()).toBe(before);
  const unpacked = join(directory.path, 'unpacked');
  await mkdir(unpacked);
  await runProgram('tar', ['-x', '-f', tar, '-C', unpacked]);
  const read = (name: string): Promise<string> => readFile(join(unpacked, name), 'utf8');
  expect(await read('private.yml')).toBe('services: {}\n');
  expect(await read('version')).toBe('$Format:%H$\n');
  expect(await read('run.bat')).toBe('echo\r\n');
  expect(await read('later')).toBe('x');
  expect(await read('name with\nnewline')).toBe('x');
  expect((await stat(join(unpacked, 'shop/run.sh'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(unpacked, 'run.bat'))).mode & 0o777).toBe(0o644);
  await expect(read('untracked')).rejects.toThrow(/no such file/);
});
