#!/bin/sh
# ruleid: shell-search-path-with-current-folder
export PATH=.:$PATH
# ruleid: shell-search-path-with-current-folder
PATH="$PATH:."
# ok: shell-search-path-with-current-folder
PATH="/usr/local/bin:$PATH"
# ok: shell-search-path-with-current-folder
export PATH="$HOME/.local/bin:$PATH"
# ok: shell-search-path-with-current-folder
PATH=./node_modules/.bin:$PATH
