#!/bin/sh
# ruleid: shell-world-writable
chmod 666 "$LOG"
# ruleid: shell-world-writable
chmod -R a+w /var/lib/app
# ruleid: shell-world-writable
install -d -m 0777 /var/spool/app
# ruleid: shell-world-writable
umask 000
# ok: shell-world-writable
umask 022
# ok: shell-world-writable
umask 077
# ok: shell-world-writable
chmod 640 "$LOG"
# ok: shell-world-writable
chmod 1777 /scratch
# ok: shell-world-writable
chmod go-w /var/lib/app
