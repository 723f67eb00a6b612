FROM debian:12.5
# ruleid: dockerfile-password-on-command-line
RUN echo 'root:Kw3-tulip' | chpasswd
# ruleid: dockerfile-password-on-command-line
RUN service mysql start && mysql -uroot -ptulip77 -e "create database app"
# ruleid: dockerfile-password-on-command-line
RUN git clone https://ci:tulip-77x@git.example.com/app.git
# ruleid: dockerfile-password-on-command-line
RUN useradd -m -p "$(openssl passwd -6 tulip77)" app
# ok: dockerfile-password-on-command-line
RUN --mount=type=secret,id=pw mysql -uroot -p"$(cat /run/secrets/pw)" -e "create database app"
# ok: dockerfile-password-on-command-line
RUN git clone https://git.example.com/app.git
# ok: dockerfile-password-on-command-line
RUN echo "app:${APP_PASSWORD}" | chpasswd
