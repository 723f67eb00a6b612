#!/bin/sh
# ruleid: shell-eval-of-variable
eval "$COMMAND"
# ok: shell-eval-of-variable
eval "$(ssh-agent -s)"
# ok: shell-eval-of-variable
$COMMAND --version
