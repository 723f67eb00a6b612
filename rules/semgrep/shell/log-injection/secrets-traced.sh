#!/bin/bash
# ruleid: shell-secrets-traced
set -x
curl -H "Authorization: Bearer $API_TOKEN" https://example.com
