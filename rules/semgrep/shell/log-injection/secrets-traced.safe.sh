#!/bin/bash
# ok: shell-secrets-traced
set -x
make all
