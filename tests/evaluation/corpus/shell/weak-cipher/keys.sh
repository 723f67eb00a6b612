#!/bin/sh
# case: vulnerable
openssl enc -aes-128-ecb -in a -out a.enc -pass file:key
# case: vulnerable
openssl genrsa 1024 > key.pem
# case: vulnerable
ssh-keygen -t dsa -f id_dsa
# case: vulnerable
openssl enc -d -rc4 -in a.enc -out a -pass file:key
# case: safe (current)
openssl enc -aes-256-ctr -pbkdf2 -in a -out a.enc -pass file:key
# case: safe (long enough)
openssl genrsa 3072 > key.pem
# case: safe (elliptic)
ssh-keygen -t ed25519 -f id
