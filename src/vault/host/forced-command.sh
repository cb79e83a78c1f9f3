#!/bin/bash
# The forced command of the keys for streams. An appending key permits `put NAME`, which stores standard input in a temporary file and
# prints its size and SHA-256; `keep NAME`, which gives the file its name for good; and `drop NAME`, which removes it before that.
# A reading key permits `get NAME` and `sum NAME`.
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
  # An incomplete file is removed, so that it takes no space, also if the sender is gone.
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
