#!/bin/sh
# ruleid: shell-sudo-without-password
echo "deploy ALL=(ALL) NOPASSWD:ALL" >> /etc/sudoers
# ok: shell-sudo-without-password
echo "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl reload nginx" > /etc/sudoers.d/deploy
# ok: shell-sudo-without-password
# the vendor's image has NOPASSWD:ALL for this user
