#!/bin/bash
# ruleid: shell-download-piped-to-interpreter
curl -fsSL https://get.example.com | sudo -E bash -
# ruleid: shell-download-piped-to-interpreter
wget -O - https://example.com/install.sh | sh
# ruleid: shell-download-piped-to-interpreter
bash <(curl -s https://example.com/bootstrap.sh) --yes
# ruleid: shell-download-piped-to-interpreter
wget -q -O /opt/setup.sh https://example.com/setup.sh && bash /opt/setup.sh
# ruleid: shell-download-piped-to-interpreter
source <(curl -s "$URL")
# ruleid: shell-download-piped-to-interpreter
sh -c "$(wget -qO- https://example.com/install.sh)"
# ruleid: shell-download-piped-to-interpreter
curl -s https://example.com/setup.py | python3 -
# ok: shell-download-piped-to-interpreter
curl -fsSLo install.sh https://get.example.com && sha256sum --check install.sh.sha256 && sh install.sh
# ok: shell-download-piped-to-interpreter
curl -s https://example.com/release | shasum -a 256
# ok: shell-download-piped-to-interpreter
curl -s https://example.com/items.json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'
# ok: shell-download-piped-to-interpreter
echo "To install: curl https://example.com/install.sh | sh"
# ok: shell-download-piped-to-interpreter
curl -s https://example.com/archive.tgz | tar xz
