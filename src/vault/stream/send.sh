#!/bin/bash
# send CONFIG HOST NAME RECIPIENT [PROGRAM ...]: sends what the program prints, or standard input, to the vault as NAME, compressed and
# encrypted for RECIPIENT. Prints size and SHA-256 of what the vault received, which `keep` must follow; or `failed PART EXIT-CODE`.
set -uo pipefail
config=$1 host=$2 name=$3 recipient=$4
shift 4
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkfifo "$place/copy"
sha256sum <"$place/copy" >"$place/sent" &
hasher=$!
"${@:-cat}" | zstd -q -T0 -3 | age --recipient "$recipient" | tee "$place/copy" |
  ssh -F "$config" "$host" put "$name" >"$place/stored"
codes=("${PIPESTATUS[@]}")
wait "$hasher"

failed() {
  echo "failed $1 $2"
  exit 1
}
# A part that failed ends the parts before it.
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
