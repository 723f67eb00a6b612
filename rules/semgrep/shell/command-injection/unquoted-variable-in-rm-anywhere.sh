#!/bin/sh
# ruleid: shell-unquoted-variable-in-rm-anywhere
rm -rf $tmpdir
# ok: shell-unquoted-variable-in-rm-anywhere
rm -rf "$tmpdir"
