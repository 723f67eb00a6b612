#!/bin/sh
# case: vulnerable
TMPFILE=/tmp/work.$$
# case: vulnerable
sort input > /tmp/sorted-$$.txt
# case: vulnerable
STAMP="/var/tmp/stamp-$(date +%s)"
# case: safe (chosen by mktemp)
TMPFILE=$(mktemp)
# case: safe (template of mktemp)
TMPDIR=$(mktemp -d /tmp/work.XXXXXXXX)
# case: safe (own folder)
PID=/run/app/app.$$
