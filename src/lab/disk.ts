// A node's disk: the data root of an engine that already has the images of workloads. The node has a copy of what an engine writes,
// which is 2 MB; the unpacked layers, which it only reads, are in the template, which every node mounts read-only.

/** Where a node has the template. */
export const TEMPLATE_MOUNT = '/template';

/**
 * A shell script that makes a disk: `$1` is the template, `$2` an empty directory. Engines are
 * identified by `engine-id`, and create their device file themselves. Layers that are not in `overlay2` are copied.
 */
export const MAKE_DISK = `set -eu
cd "$1"
tar -cf "$2/disk.tar" --exclude='./overlay2/*/diff' --exclude=./engine-id --exclude=./volumes/backingFsBlockDev .
tar -xpf "$2/disk.tar" -C "$2"
rm "$2/disk.tar"
for layer in overlay2/*/diff; do [ ! -e "$layer" ] || ln -s "${TEMPLATE_MOUNT}/$layer" "$2/$layer"; done`;

/**
 * A shell script that limits a part of a disk: `$1` is the disk, `$2` the part (`swarm` or `all`), `$3` its bytes. The part becomes a
 * file system in a sparse file, which the node mounts when it starts (`node-start.sh`): the mount ends with the node, and the file
 * with its disk. Root has no reserve in it.
 */
export const LIMIT_DISK = `set -eu
cd "$1"
part=$2
contents=$(mktemp -d)
[ "$part" = swarm ] || tar -cf - . | tar -xpf - -C "$contents"
mkdir -p swarm limited
truncate -s "$3" "limited/$part"
mkfs.ext4 -q -F -m 0 -d "$contents" "limited/$part"
rm -rf "$contents"`;
