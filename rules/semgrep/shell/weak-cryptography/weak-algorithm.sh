#!/bin/sh
# ruleid: shell-weak-algorithm
openssl enc -des3 -in a -out b -pass file:key
# ruleid: shell-weak-algorithm
openssl enc -aes-256-ecb -in a -out b -pass file:key
# ruleid: shell-weak-algorithm
openssl genrsa -out key.pem 1024
# ruleid: shell-weak-algorithm
openssl req -x509 -newkey rsa:1024 -keyout key.pem -out cert.pem
# ruleid: shell-weak-algorithm
ssh-keygen -t rsa -b 1024 -f key
# ruleid: shell-weak-algorithm
hash=$(echo -n "$password" | md5sum)
# ruleid: shell-weak-algorithm
openssl passwd -1 "$pw"
# ok: shell-weak-algorithm
openssl enc -aes-256-cbc -pbkdf2 -in a -out b -pass file:key
# ok: shell-weak-algorithm
openssl genrsa -out key.pem 4096
# ok: shell-weak-algorithm
ssh-keygen -t ed25519 -f key
# ok: shell-weak-algorithm
openssl passwd -6 -stdin
# ok: shell-weak-algorithm
md5sum -c package.md5
