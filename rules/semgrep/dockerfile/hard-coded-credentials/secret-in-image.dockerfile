FROM debian:12.5
# ruleid: dockerfile-secret-in-image
ENV DB_PASSWORD=Tulip-77x
# ruleid: dockerfile-secret-in-image
ENV API_KEY "k93jd02kd8"
# ruleid: dockerfile-secret-in-image
ARG NPM_TOKEN=npm0d93kd82
# ok: dockerfile-secret-in-image
ENV DB_PASSWORD_FILE=/run/secrets/db
# ok: dockerfile-secret-in-image
ARG NPM_TOKEN
# ok: dockerfile-secret-in-image
ENV DB_PASSWORD=""
# ok: dockerfile-secret-in-image
ENV DB_PASSWORD=${DB_PASSWORD}
# ok: dockerfile-secret-in-image
ENV TOKEN_TTL=3600 PASSWORD_MIN_LENGTH=12
# ok: dockerfile-secret-in-image
ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568
