// The files of a commit where relative bind mounts expect them: in the directory that the stack was deployed from, on every node, as a
// checkout would put them.
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import type { Node } from '../../../swarm/node/node.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { layoutFor } from './bind-sources.ts';

export interface CheckoutOptions {
  /** Path of a tar of the commit's files. */
  readonly tar: string;
  /** Directory of the compose files in the repository: empty, or with a trailing slash. */
  readonly prefix: string;
  /** Directory on the nodes that the compose files belong in. */
  readonly directory: string;
}

interface Staging {
  readonly node: Node;
  /** A temporary directory on the node. */
  readonly path: string;
  /** What belongs in the place of the checkout. */
  readonly files: string;
}

const UNPACK =
  'umask 022; mkdir "$0/tree"; code=0; tar -x -o -C "$0/tree" || code=$?; cat >/dev/null; exit $code';
/** Prints one line for each file that is there with other contents. A file that only one side has does not count. */
const COMPARE = `[ -e "$0" ] && [ -e "$1" ] || exit 0
LC_ALL=C diff -rq "$0" "$1" | grep -v '^Only in ' || true`;
/** Entry by entry: a directory that was there, such as /tmp, keeps its mode. */
const PLACE = 'umask 022; mkdir -p "$1"; cd "$0"; find . ! -name . -prune -exec cp -a {} "$1/" ";"';

/** The files, unpacked on every node but not yet in their place. Disposal removes what was unpacked. */
export class Checkout implements AsyncDisposable {
  readonly #options: CheckoutOptions;
  /** Where the files belong. */
  readonly #place: string;
  readonly #stagings: Staging[] = [];

  private constructor(options: CheckoutOptions, place: string) {
    this.#options = options;
    this.#place = place;
  }

  static async unpack(swarm: Swarm, options: CheckoutOptions): Promise<Checkout> {
    const { from, to } = layoutFor(options.directory, options.prefix);
    const checkout = new Checkout(options, to);
    try {
      for (const node of swarm.nodes) {
        const path = (await node.exec(['mktemp', '-d', '/tmp/swarm-drill-checkout-XXXXXX'])).trim();
        checkout.#stagings.push({ node, path, files: posix.join(path, 'tree', from) });
        await node.exec(['sh', '-euc', UNPACK, path], { input: createReadStream(options.tar) });
      }
    } catch (error) {
      await checkout[Symbol.asyncDispose]();
      throw error;
    }
    return checkout;
  }

  /**
   * Returns one sentence for each file on a node that has other contents than in the commit.
   * @param path a file or directory, relative to the compose files. Default: everything that belongs there.
   */
  async findOtherFiles(path?: string): Promise<string[]> {
    const lists = await Promise.all(
      this.#stagings.map(async (staging) => {
        const [ours, theirs] = this.#paths(staging, path);
        const lines = await staging.node.exec(['sh', '-euc', COMPARE, ours, theirs]);
        return lines
          .split('\n')
          .filter(Boolean)
          .map((line) => `${staging.node.name}: ${line.replaceAll(staging.files, 'commit:')}`);
      }),
    );
    return lists.flat();
  }

  /** Returns one sentence for each path that is neither in the commit nor on a node. */
  async findMissing(paths: readonly string[]): Promise<string[]> {
    const lists = await Promise.all(
      paths.map(async (path) => {
        const found = await Promise.all(
          this.#stagings.map((staging) => exists(staging.node, this.#paths(staging, path))),
        );
        const place = posix.join(this.#options.directory, path);
        return found.includes(true) ? [] : [`${place} is neither in the commit nor on a node`];
      }),
    );
    return lists.flat();
  }

  /** Puts the files in place on every node. */
  async place(): Promise<void> {
    for (const { node, files } of this.#stagings) await node.exec(['sh', '-euc', PLACE, files, this.#place]);
  }

  /** Returns where the path is in the unpacked files, and where it belongs. */
  #paths({ files }: Staging, path: string | undefined): [unpacked: string, place: string] {
    const place = path === undefined ? this.#place : posix.join(this.#options.directory, path);
    return [posix.join(files, posix.relative(this.#place, place)), place];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#stagings.map(({ node, path }) => node.exec(['rm', '-rf', path])));
  }
}

const exists = async (node: Node, paths: readonly string[]): Promise<boolean> =>
  (await node.exec(['sh', '-c', 'for one; do [ ! -e "$one" ] || echo yes; done', 'sh', ...paths])) !== '';
