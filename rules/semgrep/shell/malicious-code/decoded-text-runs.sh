#!/bin/sh
# ruleid: shell-decoded-text-runs
echo ZGF0ZQo= | base64 -d | sh
# ruleid: shell-decoded-text-runs
eval "$(echo ZGF0ZQo= | base64 --decode)"
# ok: shell-decoded-text-runs
echo "$KEY" | base64 -d > key.pem
# ok: shell-decoded-text-runs
echo "$CONFIG" | base64 -d | jq .
