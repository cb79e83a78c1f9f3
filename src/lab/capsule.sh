#!/bin/sh
# The embedded lab: a Docker engine in namespaces of its own. Started by embedded.ts as root through
#   setpriv --pdeathsig KILL unshare --mount --pid --net --ipc --uts --fork --kill-child=KILL sh capsule.sh …
# so that the death of the program, of unshare or of this shell takes every process, mount, link and firewall rule along.
#   $1 root file system (shared, never written)   $2 data root of the engine   $3 directory for its socket   $4 cgroup name
set -eu
image=$1 data=$2 door=$3 cgroup=$4

# A cgroup of the lab's own in every hierarchy (version 2 has one): this shell and the engine in `engine`, containers beside
# it, so that all that the lab leaves there is found by one name.
trees=/sys/fs/cgroup
[ -f /sys/fs/cgroup/cgroup.controllers ] || trees=$(echo /sys/fs/cgroup/*/)
for tree in $trees; do
  [ -f "$tree/cgroup.procs" ] || continue
  mkdir -p "$tree/$cgroup/engine" 2>/dev/null || continue
  case $tree in */cpuset/)
    for own in "$tree/$cgroup" "$tree/$cgroup/engine"; do
      cat "$tree/cpuset.cpus" >"$own/cpuset.cpus"
      cat "$tree/cpuset.mems" >"$own/cpuset.mems"
    done ;;
  esac
  echo $$ >"$tree/$cgroup/engine/cgroup.procs" 2>/dev/null || true
done

mount --make-rprivate /
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward

# What the engine writes outside of its data root goes to memory and vanishes with the namespace.
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/scratch" "$work/root"
mount -t overlay overlay -o "lowerdir=$image,upperdir=$work/upper,workdir=$work/scratch" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/run/door" "$root/run/lock" "$root/var/lib/docker" "$root/.outside"
mount --bind "$door" "$root/run/door"
mount --bind "$data" "$root/var/lib/docker"
# pivot_root, not chroot: `docker exec` would land in the host's own file system otherwise.
pivot_root "$root" "$root/.outside"
cd /
umount -l /.outside

# Nothing answers DNS in here; a name server that refuses at once beats one that has to be waited for.
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
# containerd first: an engine that starts its own looks for it only once a second.
containerd --log-level error --address /run/containerd.sock --root /var/lib/docker/containerd/lab --state /run/containerd &
until [ -S /run/containerd.sock ]; do sleep 0.02; done
# Shims outlive whoever started them and end as orphans of the first process, which a dockerd never takes leave of. tini does,
# hands signals on to the engine, and ends when the engine ends.
exec docker-init -- dockerd --log-level warn --containerd /run/containerd.sock --cgroup-parent "/$cgroup" \
  --host unix:///run/door/docker.sock
