#!/bin/bash
# bring CONFIG DOOR NAME IDENTITY [PROGRAM ...]: the artifact NAME of the vault, decrypted and unpacked, becomes the program's standard
# input, or is printed. Says `failed PART EXIT-CODE` as its last line of standard error when it is not brought whole.
set -uo pipefail
config=$1 door=$2 name=$3 identity=$4
shift 4
ssh -n -F "$config" "$door" get "$name" | age --decrypt --identity "$identity" | zstd -q -d | "${@:-cat}"
codes=("${PIPESTATUS[@]}")

failed() {
  echo "failed $1 $2" >&2
  exit 1
}
# 141: broken off by whoever comes after. What comes after a part that failed has seen an early end.
for part in 0 1 2; do
  code=${codes[part]}
  [ "$code" = 0 ] || [ "$code" = 141 ] || failed "$([ $part = 0 ] && echo vault || echo unpacking)" "$code"
done
[ "${codes[3]}" = 0 ] || failed program "${codes[3]}"
for code in "${codes[@]}"; do [ "$code" = 0 ] || failed program "$code"; done
