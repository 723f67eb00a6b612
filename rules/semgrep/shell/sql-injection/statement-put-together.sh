#!/bin/bash
user="$1"
# ruleid: shell-statement-put-together
mysql app -e "select * from users where name = '$user'"
# ruleid: shell-statement-put-together
psql -c "delete from jobs where id = $2"
read -r -p "Name: " name
# ruleid: shell-statement-put-together
sqlite3 app.db "insert into people values ('$name')"
# ruleid: shell-statement-put-together
echo "select * from users where name = '$3'" | mysql app
count="$4"
[[ $count =~ ^[0-9]+$ ]] || exit 2
# ok: shell-statement-put-together
psql -c "select * from jobs limit $count"
# ok: shell-statement-put-together
psql -v name="$5" -f query.sql
table="users"
# ok: shell-statement-put-together
mysql app -e "select count(*) from $table"
