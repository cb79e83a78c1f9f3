// Puts the files of a commit where relative bind mounts expect them: in the same directory as at the backup, on every node, as a checkout
// would.
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { finding } from '../../../support/errors.ts';
import type { Node } from '../../../swarm/node.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { layoutFor } from './bind-sources.ts';

export interface CheckoutOptions {
  /** Path of a tar of the commit's files. */
  readonly tar: string;
  /** Directory of the compose files in the repository: empty, or with a trailing slash. */
  readonly prefix: string;
  /** Directory on the nodes that the compose files belong in. */
  readonly directory: string;
  /** Paths that services mount, relative to `directory`. */
  readonly binds: readonly string[];
}

const UNPACK =
  'umask 022; mkdir "$0/tree"; code=0; tar -x -C "$0/tree" || code=$?; cat >/dev/null; exit $code';
/** Prints one line for each file that is there with other contents; a file that only one side has does not count. */
const COMPARE = `[ -e "$1" ] || exit 0
LC_ALL=C diff -rq "$0" "$1" | grep -v '^Only in ' || true`;
const PLACE = 'umask 022; mkdir -p "$1"; cp -a "$0/." "$1/"';

/**
 * Unpacks the files on every node, first next to their place. `place` moves them; disposal removes what was not moved.
 * @throws DrillError `bind-sources`, before anything is changed, when other files are there or a mounted path is neither in the commit
 * nor on a node
 */
export async function prepareCheckout(
  swarm: Swarm,
  { tar, prefix, directory, binds }: CheckoutOptions,
): Promise<AsyncDisposable & { place(): Promise<void> }> {
  const { from, to } = layoutFor(directory, prefix);
  const staged = await Promise.all(
    swarm.nodes.map(async (node) => {
      const staging = (await node.exec(['mktemp', '-d', '/tmp/swarm-drill-checkout-XXXXXX'])).trim();
      return { node, staging, files: posix.join(staging, 'tree', from) };
    }),
  );
  const dispose = async (): Promise<void> => {
    await Promise.all(staged.map(({ node, staging }) => node.exec(['rm', '-rf', staging])));
  };
  try {
    for (const { node, staging } of staged)
      await node.exec(['sh', '-euc', UNPACK, staging], { input: createReadStream(tar) });
    const conflicts = await Promise.all(
      staged.map(async ({ node, files }) =>
        (await node.exec(['sh', '-euc', COMPARE, files, to]))
          .split('\n')
          .filter(Boolean)
          .map((line) => `${node.name}: ${line}`),
      ),
    );
    const paths = binds.map((path) => posix.join(directory, path));
    const missing = await Promise.all(
      paths.map(async (path) => {
        const found = await Promise.all(
          staged.map(async ({ node, files }) =>
            exists(node, path, posix.join(files, posix.relative(to, path))),
          ),
        );
        return found.includes(true) ? [] : [`${path}: neither in the commit nor on a node`];
      }),
    );
    const reasons = [...conflicts, ...missing].flat();
    if (reasons.length > 0)
      throw finding(`cannot put the mounted files in place (nothing was created): ${reasons.join('; ')}`, {
        code: 'bind-sources',
        hint: 'Move other files away, and restore what is mounted and in no commit.',
      });
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async place() {
      for (const { node, files } of staged) await node.exec(['sh', '-euc', PLACE, files, to]);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const exists = async (node: Node, ...paths: readonly string[]): Promise<boolean> =>
  (await node.exec(['sh', '-c', 'for one; do [ ! -e "$one" ] || echo yes; done', 'sh', ...paths])) !== '';
