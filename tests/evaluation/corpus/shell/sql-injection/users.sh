#!/bin/bash
# case: vulnerable
login="$1"
mysql -N app -e "SELECT id FROM users WHERE login = '$login'"
# case: vulnerable
psql "$DATABASE_URL" -c "UPDATE users SET active = false WHERE login = '$2'"
# case: vulnerable
echo "DELETE FROM sessions WHERE user = '$3'" | sqlite3 app.db
# case: safe (bound by psql)
psql "$DATABASE_URL" -v login="$4" -f disable.sql
# case: safe (only digits pass)
limit="$5"
[[ $limit =~ ^[0-9]+$ ]] || exit 64
psql "$DATABASE_URL" -c "SELECT * FROM users LIMIT $limit"
# case: safe (constant)
table=users
mysql app -e "SELECT COUNT(*) FROM $table"
