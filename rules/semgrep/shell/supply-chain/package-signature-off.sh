#!/bin/sh
# ruleid: shell-package-signature-off
apk add --allow-untrusted ./local.apk
# ruleid: shell-package-signature-off
rpm -i --nosignature tool.rpm
# ruleid: shell-package-signature-off
wget http://mirror.example.com/tool.tar.gz
# ruleid: shell-package-signature-off
export GOSUMDB=off
# ok: shell-package-signature-off
apk add --no-cache curl
# ok: shell-package-signature-off
wget https://mirror.example.com/tool.tar.gz
# ok: shell-package-signature-off
curl http://127.0.0.1:9000/backup.zip
