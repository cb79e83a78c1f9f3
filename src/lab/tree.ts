// Clones an engine's data root quickly: hard links for image layers, which are never written in place, and copies of the bolt
// databases, which are.
import { mkdir } from 'node:fs/promises';
import { runProgram } from '../support/command.ts';

/** A shell script: `$1` is the tree, `$2` its clone, on the same mount. Engines are identified by `engine-id`. */
const CLONE_TREE = `set -eu
cp -al "$1/." "$2/"
cd "$2"
find . -name '*.db' -not -path './overlay2/*' -type f | while read -r file; do
  cp -p "$file" "$file.clone" && mv "$file.clone" "$file"
done
rm -f engine-id`;

/** Clones `from` to `to` on this host. */
export async function cloneTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await runProgram('sh', ['-c', CLONE_TREE, 'clone', from, to]);
}
