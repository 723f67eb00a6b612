#!/bin/sh
# ruleid: shell-predictable-temporary-file
OUT=/tmp/report.$$
# ruleid: shell-predictable-temporary-file
sort data > /tmp/sorted.$$
# ruleid: shell-predictable-temporary-file
LOCK="/tmp/app-$USER.lock"
# ruleid: shell-predictable-temporary-file
name=$(mktemp -u)
# ok: shell-predictable-temporary-file
OUT=$(mktemp /tmp/report.XXXXXX)
# ok: shell-predictable-temporary-file
sort data > "$OUT"
# ok: shell-predictable-temporary-file
OUT=/var/lib/app/report.$$
