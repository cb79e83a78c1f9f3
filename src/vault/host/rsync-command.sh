#!/bin/bash
# The forced command of rsync's keys. The appending key permits `rsync` into a new directory, where unchanged files become hard links
# to the line's latest snapshot, and `keep LINE/SNAPSHOT`, which moves what arrived where this key has no access and prints a listing.
# The reading key permits `rsync` from a kept snapshot, and `differing LINE/SNAPSHOT`, which compares it with the listing on standard
# input. Runs as root: owners, attributes and ACLs are stored as they are, not in rsync's own notation.
set -euo pipefail
cd /vault/rsync
side=$1 command=${SSH_ORIGINAL_COMMAND:-}

refuse() {
  echo "the vault refuses \"$command\": $1" >&2
  exit 77
}
# Prints everything to compare: type, mode, owner, time and target of each entry, attributes and ACLs, SHA-256 of each file.
list_snapshot() (
  cd "$1"
  find . -printf '%y %m %U:%G %T@ %p %l\0' | sort -z | tr '\0' '\n'
  find . -print0 | sort -z | xargs -0r getfattr --no-dereference --dump --match=- --encoding=hex --
  find . -type f -print0 | sort -z | xargs -0r sha256sum --
)

name='[A-Za-z0-9][A-Za-z0-9._-]*'
place="($name)/($name)"
# The letters of -aHAXS, and what rsync adds about its version.
options='(-[AHSXDglopert]+\.[A-Za-z]*)( -@-1)?( --numeric-ids)?'
push="^rsync --server $options \. $place/$"
pull="^rsync --server --sender $options \. $place/$"
listing="^(keep|differing) $place$"

case $side in
append)
  if [[ $command =~ $push ]]; then
    line=${BASH_REMATCH[4]} snapshot=${BASH_REMATCH[5]}
    latest=$PWD/kept/$line/latest
    mkdir -p "incoming/$line"
    mkdir "incoming/$line/$snapshot" 2>/dev/null || refuse 'it exists already'
    basis=()
    [ ! -d "$latest" ] || basis=("--link-dest=$latest/")
    # shellcheck disable=SC2086 # options that were looked at, or nothing
    exec rsync --server ${BASH_REMATCH[1]} ${BASH_REMATCH[2]} ${BASH_REMATCH[3]} "${basis[@]}" . "incoming/$line/$snapshot/"
  elif [[ $command =~ $listing && ${BASH_REMATCH[1]} = keep ]]; then
    line=${BASH_REMATCH[2]} snapshot=${BASH_REMATCH[3]}
    [ -d "incoming/$line/$snapshot" ] || refuse 'nothing of that name has arrived'
    [ ! -e "kept/$line/$snapshot" ] || refuse 'it is kept already'
    mkdir -p "kept/$line"
    mv --no-target-directory "incoming/$line/$snapshot" "kept/$line/$snapshot"
    list_snapshot "kept/$line/$snapshot"
    ln -sfn "$snapshot" "kept/$line/latest"
    exit
  fi
  ;;
read)
  if [[ $command =~ $pull ]]; then
    [ -d "kept/${BASH_REMATCH[4]}/${BASH_REMATCH[5]}" ] || refuse 'there is no such snapshot'
    cd kept
    # shellcheck disable=SC2086
    exec rsync --server --sender ${BASH_REMATCH[1]} ${BASH_REMATCH[2]} ${BASH_REMATCH[3]} . "${BASH_REMATCH[4]}/${BASH_REMATCH[5]}/"
  elif [[ $command =~ $listing && ${BASH_REMATCH[1]} = differing ]]; then
    snapshot=kept/${BASH_REMATCH[2]}/${BASH_REMATCH[3]}
    [ -d "$snapshot" ] || refuse 'there is no such snapshot'
    diff --text --unified=0 --label 'as it was kept' --label 'as it is now' - <(list_snapshot "$snapshot") || [ $? = 1 ]
    exit
  fi
  ;;
esac
refuse "this key is for: $side"
