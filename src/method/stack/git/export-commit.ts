// Writes the files of a commit as a checkout gives them. `git archive` does not: it leaves out files with `export-ignore` and changes
// those with `export-subst`.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../../support/command.ts';
import { runGit, TRANSFER_LIMIT } from './git.ts';

/** git without a setting that makes it write into the repository, and without the hooks and the large files of the user. */
const NOTHING_ELSE = ['-c', 'core.splitIndex=false', '-c', 'core.hooksPath=/dev/null'];

/**
 * Returns the path of a tar with the files of the commit. Nothing is written into the repository.
 * @param directory a temporary directory
 */
export async function exportCommit(repository: string, commit: string, directory: string): Promise<string> {
  const tree = join(directory, 'tree');
  await mkdir(tree);
  const environment = { GIT_INDEX_FILE: join(directory, 'index'), GIT_LFS_SKIP_SMUDGE: '1' };
  const options = { environment, limit: TRANSFER_LIMIT };
  await runGit(repository, [...NOTHING_ELSE, 'read-tree', commit], options);
  await runGit(
    repository,
    [...NOTHING_ELSE, `--work-tree=${tree}`, 'checkout-index', '--all', '--quiet'],
    options,
  );
  // The umask of this user does not count: tasks of other users may have to read what is mounted.
  await runProgram('chmod', ['-R', 'u=rwX,go=rX', tree]);
  const tar = join(directory, 'tree.tar');
  // macOS adds files with attributes otherwise.
  await runProgram('tar', ['-c', '-f', tar, '-C', tree, '.'], { env: { COPYFILE_DISABLE: '1' } });
  return tar;
}
