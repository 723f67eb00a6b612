#!/bin/sh
# ruleid: shell-service-without-password
jupyter lab --ip=0.0.0.0 --ServerApp.token=''
# ruleid: shell-service-without-password
redis-server --bind 0.0.0.0 --protected-mode no
# ruleid: shell-service-without-password
docker run -e POSTGRES_HOST_AUTH_METHOD=trust postgres:16.2
# ruleid: shell-service-without-password
mysqld_safe --skip-grant-tables
# ok: shell-service-without-password
jupyter lab --ip=0.0.0.0
# ok: shell-service-without-password
redis-server --requirepass "$REDIS_PASSWORD"
# ok: shell-service-without-password
docker run -e POSTGRES_PASSWORD postgres:16.2
