#!/bin/sh
# ruleid: shell-unquoted-variable-in-rm
rm -rf $1
# ruleid: shell-unquoted-variable-in-rm
rm -rf "$STEAMROOT/"*
# ruleid: shell-unquoted-variable-in-rm
rm -rf $BUILD/
# ok: shell-unquoted-variable-in-rm
rm -rf "${BUILD:?}"/*
# ok: shell-unquoted-variable-in-rm
rm -rf -- "$1"
# ok: shell-unquoted-variable-in-rm
rm -f $1
# ok: shell-unquoted-variable-in-rm
rm -rf build/ dist/
