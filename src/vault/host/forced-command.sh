#!/bin/bash
# All that keys for streams can do at the vault. With an appending key: `put NAME` stores standard input beside its name and says its
# size and SHA-256; `keep NAME` gives it its name, once and for all; `drop NAME` gives it up before that. With a reading key: `get NAME`,
# `sum NAME`.
set -euo pipefail
side=$1
cd /vault/stream
set -f
# shellcheck disable=SC2086 # the words of the command, without globbing
set -- ${SSH_ORIGINAL_COMMAND:-}
verb=${1:-} name=${2:-}

refuse() {
  echo "the vault refuses \"$verb $name\": $1" >&2
  exit 77
}
case $name in
'' | /* | *..* | *[!A-Za-z0-9._/-]*) refuse 'not a name that it stores' ;;
esac
measure() { echo "$(stat -c %s "$1") $(sha256sum <"$1" | cut -c 1-64)"; }

case "$side $verb" in
'append put')
  [ ! -e "$name" ] || refuse 'it is kept already, and what is kept stays'
  mkdir -p "$(dirname "$name")"
  # What is not whole, or whose sender is gone, takes no room.
  trap '' PIPE
  trap '[ $? = 0 ] || rm -f "$name.part"' EXIT
  cat >"$name.part"
  sync "$name.part"
  measure "$name.part"
  ;;
'append keep')
  mv --no-clobber "$name.part" "$name"
  [ ! -e "$name.part" ] || refuse 'it is kept already'
  ;;
'append drop') rm -f "$name.part" ;;
'read sum') measure "$name" ;;
'read get') cat "$name" ;;
*) refuse "this key is for: $side" ;;
esac
