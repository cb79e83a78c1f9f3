#!/bin/sh
# Prints a new root certificate, then its private key: ECDSA on P-256, 20 years, as Docker's. It began in the past: a certificate that has
# expired must have been valid at a time when the root was.
set -eu
directory=$(mktemp -d)
cd "$directory"
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -subj /CN=swarm-ca -not_before 20200101000000Z -not_after 20400101000000Z -out ca.crt \
  -addext keyUsage=critical,keyCertSign,cRLSign
openssl x509 -in ca.crt
cat ca.key
rm -rf "$directory"
