#!/bin/bash
# case: vulnerable
TOKEN="$RANDOM$RANDOM$RANDOM"
# case: vulnerable
SECRET=$(date +%s%N | sha256sum | head -c 32)
# case: safe (from the system)
TOKEN=$(openssl rand -hex 32)
# case: safe (chooses a port)
PORT=$((RANDOM % 1000 + 20000))
# case: safe (waits a moment)
sleep $((RANDOM % 10))
