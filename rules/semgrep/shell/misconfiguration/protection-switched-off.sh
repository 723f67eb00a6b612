#!/bin/sh
# ruleid: shell-protection-switched-off
setenforce 0
# ruleid: shell-protection-switched-off
sed -i 's/^SELINUX=.*/SELINUX=disabled/' /etc/selinux/config
# ruleid: shell-protection-switched-off
systemctl disable --now firewalld
# ruleid: shell-protection-switched-off
ufw disable
# ok: shell-protection-switched-off
setenforce 1
# ok: shell-protection-switched-off
ufw allow 443/tcp
# ok: shell-protection-switched-off
systemctl restart firewalld
