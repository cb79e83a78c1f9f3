#!/bin/sh
# Signs the certificate of a node again, for a time that is over, and keeps the old file.
# Standard input: the root certificate, then its key. Arguments: the directory of the certificates, the two ends as YYYYMMDDHHMMSSZ,
# where to keep the old file.
set -eu
certificates=$1
directory=$(mktemp -d)
cat >"$directory/ca.pem"
[ -e "$4" ] || cp -p "$certificates/swarm-node.crt" "$4"
# It keeps subject, public key and extensions.
openssl x509 -in "$certificates/swarm-node.crt" -CA "$directory/ca.pem" -CAkey "$directory/ca.pem" \
  -not_before "$2" -not_after "$3" -out "$directory/expired.crt"
cat "$directory/expired.crt" >"$certificates/swarm-node.crt"
rm -rf "$directory"
