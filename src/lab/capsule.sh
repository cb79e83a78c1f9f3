#!/bin/sh
# The embedded lab: a Docker engine in separate namespaces. Started by embedded.ts as root through
#   setpriv --pdeathsig KILL unshare --mount --pid --net --ipc --uts --fork --kill-child=KILL sh capsule.sh …
# so that the death of the program, of unshare or of this shell takes every process, mount, link and firewall rule along.
#   $1 root file system (shared, never written)   $2 data root of the engine   $3 directory for its socket   $4 cgroup name
set -eu
image=$1 data=$2 socket=$3 cgroup=$4

# One cgroup for the lab in every hierarchy (version 2 has one): this shell and the engine in `engine`, containers next to it,
# so that everything that the lab leaves there is found by one name.
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
mkdir -p "$root/run/lab" "$root/run/lock" "$root/var/lib/docker" "$root/.outside"
mount --bind "$socket" "$root/run/lab"
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
# Shims outlive the process that started them and become orphans of the first process; a dockerd would never reap them. tini does,
# forwards signals to the engine, and ends when the engine ends.
exec docker-init -- dockerd --log-level warn --containerd /run/containerd.sock --cgroup-parent "/$cgroup" \
  --host unix:///run/lab/docker.sock
