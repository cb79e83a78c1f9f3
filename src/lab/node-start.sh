#!/bin/sh
# The first process of every node, on Docker's own dind image as on ours: an engine without the one-second sleeps of the
# usual start, listening on nothing but a socket inside the node. The node's name is its host name.
set -eu

# cgroup v2: processes may not sit in a cgroup that delegates controllers, so this shell moves down first.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
  sed -e 's/ / +/g' -e 's/^/+/' </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi

# Kernels without nftables: Docker's image also has the older iptables.
if ! iptables -nL >/dev/null 2>&1 && [ -d /usr/local/sbin/.iptables-legacy ]; then
  export PATH="/usr/local/sbin/.iptables-legacy:$PATH"
fi

# Parts of the disk with a limited size: file systems in files.
for part in swarm all; do
  file=/var/lib/docker/limited/$part
  [ -f "$file" ] || continue
  # The kernel may choose a loop device that it did not have when this container was created.
  number=0
  while [ $number -lt 64 ]; do
    [ -e /dev/loop$number ] || mknod /dev/loop$number b 7 $number
    number=$((number + 1))
  done
  directory=/var/lib/docker
  [ $part = all ] || directory=/var/lib/docker/swarm
  mount -t ext4 -o loop "$file" "$directory" || {
    echo "this machine can not limit the disk of a node: mounting a file as a loop device failed" >&2
    exit 1
  }
done

# A stop that was not clean leaves these, and after a restart they name processes of other programs.
rm -f /run/docker.pid /var/run/docker.pid /run/containerd/containerd.pid

# containerd first: an engine that starts its own looks for it only once a second.
containerd --log-level error --address /run/containerd.sock --root /var/lib/docker/containerd/daemon --state /run/containerd-state &
until [ -S /run/containerd.sock ]; do sleep 0.02; done

# Images that are there are used as they are: no registry is asked for a digest.
export DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1
exec dockerd --log-level "${SWARM_DRILL_LOG_LEVEL:-info}" --containerd /run/containerd.sock --host unix:///run/docker.sock "$@"
