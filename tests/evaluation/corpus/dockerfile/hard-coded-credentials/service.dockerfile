FROM debian:12.5
# case: vulnerable
ENV MYSQL_ROOT_PASSWORD Wint3r-storm
# case: vulnerable (second of a list)
ENV APP_PORT=8080 \
    APP_SECRET_KEY=f83hd92jd93kd02
# case: vulnerable
ARG GITHUB_TOKEN=tkn-83hd93kd03jd
# case: vulnerable
RUN echo "deploy:Wint3r-storm" | chpasswd
# case: vulnerable
RUN git clone https://builder:Wint3r-storm@git.acme.example/private.git
# case: vulnerable
COPY deploy/id_ed25519 /root/.ssh/id_ed25519
# case: vulnerable
COPY .netrc /root/.netrc
# case: safe (given at run time)
ENV MYSQL_ROOT_PASSWORD_FILE=/run/secrets/mysql
# case: safe (no default)
ARG GITHUB_TOKEN
# case: safe (mounted while building)
RUN --mount=type=secret,id=netrc,target=/root/.netrc git clone https://git.acme.example/private.git
# case: safe (about passwords, none itself)
ENV PASSWORD_RESET_MINUTES=30
# case: safe (public half)
COPY deploy/id_ed25519.pub /etc/ssh/authorized_keys
# case: safe (example file)
COPY .env.example /app/.env.example
# case: safe (from a variable)
RUN echo "deploy:$DEPLOY_PASSWORD" | chpasswd
