FROM node:20.11
# ruleid: dockerfile-secret-file-copied
COPY id_rsa /root/.ssh/id_rsa
# ruleid: dockerfile-secret-file-copied
COPY .npmrc ./
# ruleid: dockerfile-secret-file-copied
COPY --chown=app:app config/.env.production /app/.env
# ruleid: dockerfile-secret-file-copied
ADD ["server.key", "/etc/ssl/"]
# ok: dockerfile-secret-file-copied
COPY --from=build /app/.env.example ./
# ok: dockerfile-secret-file-copied
COPY .env.example package.json ./
# ok: dockerfile-secret-file-copied
COPY src/ ./src/
# ok: dockerfile-secret-file-copied
COPY id_rsa.pub /home/app/.ssh/authorized_keys
# ok: dockerfile-secret-file-copied
COPY known_hosts /root/.ssh/known_hosts
