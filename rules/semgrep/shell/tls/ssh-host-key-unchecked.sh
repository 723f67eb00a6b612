#!/bin/sh
# ruleid: shell-ssh-host-key-unchecked
ssh -o StrictHostKeyChecking=no deploy@host.example.com uptime
# ruleid: shell-ssh-host-key-unchecked
scp -o UserKnownHostsFile=/dev/null a.tgz deploy@host.example.com:
# ok: shell-ssh-host-key-unchecked
ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile=known_hosts deploy@host.example.com uptime
# ok: shell-ssh-host-key-unchecked
ssh -o StrictHostKeyChecking=accept-new deploy@host.example.com uptime
