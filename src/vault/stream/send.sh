#!/bin/bash
# send CONFIG DOOR NAME RECIPIENT [PROGRAM ...]: what the program prints, else standard input, goes to the vault as NAME, compressed and
# encrypted for RECIPIENT. Prints size and SHA-256 of what the vault has, which is then still to be kept; or `failed PART EXIT-CODE`.
set -uo pipefail
config=$1 door=$2 name=$3 recipient=$4
shift 4
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkfifo "$place/copy"
sha256sum <"$place/copy" >"$place/sent" &
hasher=$!
"${@:-cat}" | zstd -q -T0 -3 | age --recipient "$recipient" | tee "$place/copy" |
  ssh -F "$config" "$door" put "$name" >"$place/stored"
codes=("${PIPESTATUS[@]}")
wait "$hasher"

failed() {
  echo "failed $1 $2"
  exit 1
}
# Whoever stands before a part that failed is broken off by it.
[ "${codes[4]}" = 0 ] || failed vault "${codes[4]}"
[ "${codes[0]}" = 0 ] || failed program "${codes[0]}"
for code in "${codes[@]}"; do [ "$code" = 0 ] || failed packing "$code"; done
read -r bytes stored <"$place/stored"
read -r sent _ <"$place/sent"
if [ "$stored" != "$sent" ]; then
  echo "the vault has SHA-256 $stored of what was sent as $sent" >&2
  failed vault 1
fi
echo "$bytes $stored"
