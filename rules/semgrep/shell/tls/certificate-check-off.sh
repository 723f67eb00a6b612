#!/bin/sh
# ruleid: shell-certificate-check-off
curl --insecure -X POST "$HOOK"
# ruleid: shell-certificate-check-off
curl -X POST -d '{"a": 1}' -k "$HOOK"
# ruleid: shell-certificate-check-off
export GIT_SSL_NO_VERIFY=true
# ruleid: shell-certificate-check-off
kubectl --insecure-skip-tls-verify get pods
# ruleid: shell-certificate-check-off
git -c http.sslVerify=false clone "$REPO"
# ruleid: shell-certificate-check-off
aws --no-verify-ssl s3 ls
# ok: shell-certificate-check-off
curl --retry 3 --key client.key --cert client.pem "$HOOK"
# ok: shell-certificate-check-off
curl -fsSL "https://example.com/-k/file"
# ok: shell-certificate-check-off
kubectl --insecure-skip-tls-verify=false get pods
# ok: shell-certificate-check-off
export GIT_SSL_NO_VERIFY=false
# ok: shell-certificate-check-off
tar -k -xf archive.tar
