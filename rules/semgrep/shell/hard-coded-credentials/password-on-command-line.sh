#!/bin/sh
# ruleid: shell-password-on-command-line
mysqldump -u root -pTulip77 app > app.sql
# ruleid: shell-password-on-command-line
sshpass -p 'tulip77' ssh root@host.example.com
# ruleid: shell-password-on-command-line
PGPASSWORD=tulip77 psql -h db -U app
# ruleid: shell-password-on-command-line
curl -u admin:tulip77 https://example.com/api
# ruleid: shell-password-on-command-line
echo tulip77 | sudo -S systemctl restart app
# ruleid: shell-password-on-command-line
tool login --user ci --password tulip77
# ruleid: shell-password-on-command-line
redis-cli -h cache -a tulip77 flushall
# ruleid: shell-password-on-command-line
mysql -e "CREATE USER app IDENTIFIED BY 'tulip77'"
# ruleid: shell-password-on-command-line
openssl enc -aes-256-cbc -in a -out b -pass pass:tulip77
# ok: shell-password-on-command-line
mysqldump -u root -p"$DB_PASSWORD" app > app.sql
# ok: shell-password-on-command-line
mysql -u root -p -P 3306 app
# ok: shell-password-on-command-line
sshpass -p "$PASS" ssh root@host.example.com
# ok: shell-password-on-command-line
PGPASSWORD="$(cat /run/secrets/pg)" psql -h db -U app
# ok: shell-password-on-command-line
curl -u "$USER:$PASS" https://example.com/api
# ok: shell-password-on-command-line
tool login --user ci --password-file /run/secrets/pw
# ok: shell-password-on-command-line
echo "$PASS" | docker login --username ci --password-stdin
