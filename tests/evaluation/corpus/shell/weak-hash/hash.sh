#!/bin/bash
# case: vulnerable
password_hash=$(printf %s "$password" | sha1sum | cut -d' ' -f1)
# case: vulnerable
openssl passwd -apr1 "$password"
# case: safe (made for passwords)
openssl passwd -6 -stdin < password
# case: safe (checksum of a download)
md5sum -c files.md5
# case: safe (file names in a cache)
key=$(printf %s "$url" | md5sum | cut -c1-8)
