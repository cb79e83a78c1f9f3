// A node's disk: the data root of an engine that has the workload's images already. What an engine writes is the node's own
// copy, 2 MB of it; the unpacked layers, which it only reads, lie in the template, which every node mounts read-only.

/** Where a node has the template. */
export const TEMPLATE_MOUNT = '/template';

/**
 * A shell script that makes a disk: `$1` is the template, `$2` an empty directory. Engines tell themselves apart by
 * `engine-id`, and make their device file anew. Where layers lie otherwise than in `overlay2`, they are copied.
 */
export const MAKE_DISK = `set -eu
cd "$1"
tar -cf "$2/disk.tar" --exclude='./overlay2/*/diff' --exclude=./engine-id --exclude=./volumes/backingFsBlockDev .
tar -xpf "$2/disk.tar" -C "$2"
rm "$2/disk.tar"
for layer in overlay2/*/diff; do [ ! -e "$layer" ] || ln -s "${TEMPLATE_MOUNT}/$layer" "$2/$layer"; done`;
