#!/bin/bash
# case: vulnerable
curl -sk "https://api.acme.example/v1/items"
# case: vulnerable
wget --no-check-certificate "https://api.acme.example/v1/items"
# case: vulnerable
export NODE_TLS_REJECT_UNAUTHORIZED=0
# case: vulnerable
scp -o StrictHostKeyChecking=no app.tgz deploy@web1.acme.example:/srv
# case: vulnerable
helm repo add acme https://charts.acme.example --insecure-skip-tls-verify
# case: safe (own authority)
curl -s --cacert acme.pem "https://api.acme.example/v1/items"
# case: safe (this machine)
curl -sk "https://localhost:8443/health"
# case: safe (first key is kept)
ssh -o StrictHostKeyChecking=accept-new deploy@web1.acme.example
# case: safe (explicit on)
export NODE_TLS_REJECT_UNAUTHORIZED=1
