#!/bin/sh
# case: vulnerable
rm -rf $1
# case: vulnerable (empty variable deletes the root)
rm -rf "$CACHE_DIR"/*
# case: safe (stops when empty)
rm -rf "${CACHE_DIR:?}"/*
# case: safe (fixed folder)
rm -rf build/ dist/
# case: safe (quoted argument)
rm -rf -- "$1"
