#!/bin/sh
# Prints a new root certificate, then its private key. Both are like those that Docker makes: ECDSA on P-256, 20 years.
set -eu
directory=$(mktemp -d)
cd "$directory"
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -subj /CN=swarm-ca -days 7300 -out ca.crt \
  -addext keyUsage=critical,keyCertSign,cRLSign
openssl x509 -in ca.crt
cat ca.key
rm -rf "$directory"
