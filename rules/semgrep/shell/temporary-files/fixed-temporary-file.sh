#!/bin/sh
# ruleid: shell-fixed-temporary-file
date > /tmp/started
# ruleid: shell-fixed-temporary-file
curl -s https://example.com/a.json -o /tmp/a.json
# ok: shell-fixed-temporary-file
date > "$dir/started"
# ok: shell-fixed-temporary-file
cat /tmp/started
