#!/bin/bash
# The forced command of borg's keys. The appending key permits `borg serve`, append-only, and `keep NAME`, which copies the repository
# as it is now into a separate recovery point of hard links, since borg never changes a segment once it is written.
# The reading key permits `view NAME`, which creates a read-only view of a recovery point and prints its path, outside the vault's disk,
# which may be full; `borg serve` of a view; and `leave PATH`, which removes the view.
set -euo pipefail
cd /vault/borg
views=/tmp/borg-views
set -f
# shellcheck disable=SC2086 # the words of the command, without globbing
set -- "$1" ${SSH_ORIGINAL_COMMAND:-}
side=$1 verb=${2:-} what=${3:-}

refuse() {
  echo "the vault refuses \"$verb $what\": $1" >&2
  exit 77
}
named() {
  [[ $what =~ ^$1$ ]] || refuse 'not a name that it stores'
}
name='[A-Za-z0-9][A-Za-z0-9._-]*'

case "$side $verb" in
'append borg') exec borg serve --append-only --restrict-to-repository /vault/borg/repository ;;
'append keep')
  named "$name"
  [ ! -e "kept/$what" ] || refuse 'it is kept already'
  BORG_BASE_DIR=$(mktemp -d)
  trap 'rm -rf "$BORG_BASE_DIR"' EXIT
  export BORG_BASE_DIR
  # Under another name until it is whole.
  # shellcheck disable=SC2016 # for the inner shell
  borg with-lock --lock-wait 60 repository bash -euc '
    mkdir -p "$0.part"
    find repository -maxdepth 1 -type f ! -name "lock.*" -exec cp -p -t "$0.part" {} +
    cp -al repository/data "$0.part/data"
    find "$0.part" -type d -exec chmod a-w {} +
    mv -T "$0.part" "$0"
  ' "kept/$what"
  ;;
'read borg') exec borg serve --append-only --restrict-to-path "$views" ;;
'read view')
  named "$name"
  [ -d "kept/$what" ] || refuse 'there is no such recovery point'
  mkdir -p "$views"
  view=$(mktemp -d "$views/XXXXXXXX")
  find "kept/$what" -maxdepth 1 -type f -exec cp -p -t "$view" {} +
  ln -s "$PWD/kept/$what/data" "$view/data"
  echo "$view"
  ;;
'read leave')
  named "$views/$name"
  rm -rf "$what"
  ;;
*) refuse "this key is for: $side" ;;
esac
