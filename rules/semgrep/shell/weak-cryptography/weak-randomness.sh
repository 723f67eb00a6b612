#!/bin/bash
# ruleid: shell-weak-randomness
PASSWORD=$RANDOM$RANDOM
# ruleid: shell-weak-randomness
token=$(date +%s | sha256sum | cut -c1-32)
# ruleid: shell-weak-randomness
api_key="key-${RANDOM}"
# ok: shell-weak-randomness
PASSWORD=$(openssl rand -base64 24)
# ok: shell-weak-randomness
token=$(head -c 32 /dev/urandom | base64)
# ok: shell-weak-randomness
port=$((20000 + RANDOM % 1000))
