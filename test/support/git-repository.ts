// A git work tree and the bare repository that it is pushed to, for the tests of git stack.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../src/support/command.ts';

export interface GitRepository extends AsyncDisposable {
  /** Path of the work tree. */
  readonly directory: string;
  /** Path of the bare repository. */
  readonly remote: string;
  git(...args: string[]): Promise<string>;
  /** Writes files into the work tree without a commit. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Writes files, commits and pushes them, and returns the commit. */
  commit(files: Readonly<Record<string, string>>): Promise<string>;
}

/** Creates both in a temporary directory, which is removed on disposal, and pushes a first commit. */
export async function createGitRepository(files: Readonly<Record<string, string>>): Promise<GitRepository> {
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-test-git-'));
  const [directory, remote] = [join(home, 'tree'), join(home, 'remote.git')];
  await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  await runProgram('git', ['init', '--quiet', '--initial-branch=main', directory]);
  const git = (...args: string[]): Promise<string> =>
    runProgram('git', [
      '-C',
      directory,
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.org',
      ...args,
    ]);
  const write = async (contents: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(contents)) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), text);
    }
  };
  const repository: GitRepository = {
    directory,
    remote,
    git,
    write,
    async commit(contents) {
      await write(contents);
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message', 'change');
      await git('push', '--quiet', 'origin', 'main');
      return git('rev-parse', 'HEAD');
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
  await git('remote', 'add', 'origin', remote);
  await repository.commit(files);
  return repository;
}
