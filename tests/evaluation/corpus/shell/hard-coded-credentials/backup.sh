#!/bin/bash
# case: vulnerable
mysqldump -uroot -pWint3rStorm app > app.sql
# case: vulnerable
export PGPASSWORD='Wint3rStorm'
# case: vulnerable
curl --user admin:Wint3rStorm https://nexus.acme.example/api
# case: vulnerable
ADMIN_PASSWORD="Wint3rStorm"
# case: vulnerable
sshpass -p Wint3rStorm rsync -a data backup@nas.acme.example:/srv
# case: vulnerable
az login --service-principal -u app --password Wint3rStorm --tenant acme
# case: safe (from a file)
mysqldump --defaults-extra-file=/etc/app/my.cnf app > app.sql
# case: safe (from a secret)
PGPASSWORD=$(vault kv get -field=password kv/pg)
# case: safe (must be set)
: "${ADMIN_PASSWORD:?not set}"
# case: safe (prompt)
read -rsp "Password: " PASSWORD
# case: safe (port, not password)
mysqldump -uroot -p -P3307 app > app.sql
# case: safe (a file name)
PASSWORD_FILE=/run/secrets/admin
