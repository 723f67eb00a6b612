#!/bin/sh
# ruleid: shell-setuid-program
chmod u+s /usr/local/bin/helper
# ruleid: shell-setuid-program
chmod 4755 /usr/local/bin/helper
# ok: shell-setuid-program
chmod 0755 /usr/local/bin/helper
# ok: shell-setuid-program
chmod g+s /srv/shared
