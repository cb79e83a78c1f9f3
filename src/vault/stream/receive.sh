#!/bin/bash
# receive CONFIG HOST NAME IDENTITY [PROGRAM ...]: sends the artifact NAME of the vault, decrypted and decompressed, to the program's
# standard input, or prints it. The last line of standard error is `failed PART EXIT-CODE` unless all of it was received.
set -uo pipefail
config=$1 host=$2 name=$3 identity=$4
shift 4
ssh -n -F "$config" "$host" get "$name" | age --decrypt --identity "$identity" | zstd -q -d | "${@:-cat}"
codes=("${PIPESTATUS[@]}")

failed() {
  echo "failed $1 $2" >&2
  exit 1
}
# 141: ended because the next part ended. Every part after one that failed has seen an early end.
for part in 0 1 2; do
  code=${codes[part]}
  [ "$code" = 0 ] || [ "$code" = 141 ] || failed "$([ $part = 0 ] && echo vault || echo unpacking)" "$code"
done
[ "${codes[3]}" = 0 ] || failed program "${codes[3]}"
for code in "${codes[@]}"; do [ "$code" = 0 ] || failed program "$code"; done
