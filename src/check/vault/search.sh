#!/bin/bash
# Searches the vault's whole disk for the lines of standard input: files as stored and decompressed, and objects of git repositories.
# Prints FILE and TEXT for each occurrence, both ended by a NUL. A script, because it must run where the data is, without Node.js.
set -euo pipefail
export LC_ALL=C
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
cat >"$wanted"
cd /vault

# Records end with a NUL: an encrypted or sparse file has no long ones, so memory stays small.
search() {
  grep --text --null-data --only-matching --with-filename --null --fixed-strings --file="$wanted" "$@" || [ $? = 1 ]
}
# What can't be decompressed to its end is searched as far as it goes.
search_output() {
  { "${@:2}" 2>/dev/null || true; } | search --label="$1" -
}

search --recursive .
find . -type f -print0 | while IFS= read -r -d '' file; do
  magic=
  IFS= read -r -N 4 magic <"$file" || true
  case $magic in
  $'\x28\xb5\x2f\xfd') search_output "$file" zstd -dcq "$file" ;;
  $'\x1f\x8b'*) search_output "$file" gzip -dcq "$file" ;;
  esac
done
# Git compresses its objects itself, one or many in a file.
find . -type f -name HEAD -print0 | while IFS= read -r -d '' head; do
  repository=$(dirname "$head")
  if [ -d "$repository/objects" ] && [ -d "$repository/refs" ]; then
    search_output "$repository" git -c 'safe.directory=*' -C "$repository" cat-file --batch --batch-all-objects
  fi
done
