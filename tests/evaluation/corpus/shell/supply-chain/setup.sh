#!/bin/sh
# case: vulnerable
curl -fsSL https://get.acme.example/agent | sudo -E sh
# case: vulnerable
wget -qO- https://get.acme.example/agent.sh | bash -x
# case: vulnerable
. <(curl -fsSL https://get.acme.example/functions)
# case: vulnerable
curl -fsSL https://get.acme.example/agent.py | python3
# case: vulnerable
eval "$(curl -fsSL https://get.acme.example/env)"
# case: safe (saved, checked, run)
curl -fsSLo agent.sh https://get.acme.example/agent.sh
sha256sum -c agent.sum && sh agent.sh
# case: safe (data for a program of ours)
curl -fsSL https://get.acme.example/list.json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
# case: safe (unpacked only)
curl -fsSL https://get.acme.example/agent.tgz | tar xz
# case: safe (text for a person)
echo "Run: curl -fsSL https://get.acme.example/agent | sh"
# case: vulnerable
apt-get -y --allow-unauthenticated install acme-agent
# case: safe (usual)
apt-get -y install acme-agent
