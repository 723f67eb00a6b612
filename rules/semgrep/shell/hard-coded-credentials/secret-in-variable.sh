#!/bin/sh
# ruleid: shell-secret-in-variable
DB_PASSWORD="Tulip-77x"
# ruleid: shell-secret-in-variable
export API_KEY=k93jd02kd8
# ok: shell-secret-in-variable
DB_PASSWORD=$(cat /run/secrets/db)
# ok: shell-secret-in-variable
DB_PASSWORD="${DB_PASSWORD:-}"
# ok: shell-secret-in-variable
PASSWORD_FILE=/etc/app/password
# ok: shell-secret-in-variable
export API_KEY="$1"
