#!/bin/bash
set -euo pipefail
# ok: shell-unquoted-variable-in-rm
rm -rf "$BUILD"/*
