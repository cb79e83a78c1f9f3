#!/bin/sh
# The first process of the object store: OpenStack Swift, which speaks S3, all of it on one disk. /run/keys has one key per
# user; object-store-access.py decides what each user may do.
set -eu
here=/vault/s3 conf=/etc/swift
mkdir -p "$here/disk" /var/cache/swift
chown swift: "$here" "$here/disk" /var/cache/swift
cd /

salt=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
cat >$conf/swift.conf <<CONFIG
[swift-hash]
swift_hash_path_prefix = $salt
swift_hash_path_suffix = $salt
[storage-policy:0]
name = default
default = yes
CONFIG

port=6200
for kind in account container object; do
  swift-ring-builder $conf/$kind.builder create 1 1 0 >/dev/null
  swift-ring-builder $conf/$kind.builder add "r1z1-127.0.0.1:$port/disk" 1 >/dev/null
  swift-ring-builder $conf/$kind.builder rebalance >/dev/null
  cat >$conf/$kind.conf <<CONFIG
[DEFAULT]
devices = $here
mount_check = false
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
user = swift
disable_fallocate = true
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
log_requests = false
CONFIG
  swift-$kind-server $conf/$kind.conf -v &
  port=$((port + 1))
done

filter() { printf '[filter:%s]\nuse = egg:swift#%s\n' "$1" "${2:-$1}"; }
umask 077
{
  cat <<CONFIG
[DEFAULT]
bind_ip = 0.0.0.0
bind_port = 9000
workers = 0
user = swift
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth copy dlo versioned_writes access proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:access]
paste.filter_factory = object_store_access:filter_factory
CONFIG
  for name in catch_errors gatekeeper listing_formats copy dlo versioned_writes; do filter $name; done
  filter cache memcache
  echo 'log_level = CRITICAL'
  filter s3api
  # Multipart uploads would be deleted in parts, by a filter that checks no permission.
  printf '%s\n' 'location = us-east-1' 'allow_multipart_uploads = false'
  filter tempauth
  for user in append read; do printf 'user_vault_%s = %s .admin\n' $user "$(cat /run/keys/$user)"; done
} >$conf/proxy.conf
chown swift: $conf/proxy.conf
PYTHONPATH=$conf exec swift-proxy-server $conf/proxy.conf -v
