FROM debian:12.5
# ruleid: dockerfile-setuid-program
RUN chmod u+s /usr/local/bin/helper
# ruleid: dockerfile-setuid-program
RUN chmod 4755 /usr/local/bin/helper
# ok: dockerfile-setuid-program
RUN chmod 0755 /usr/local/bin/helper
# ok: dockerfile-setuid-program
RUN chmod 2775 /srv/shared && chmod g+s /srv/other
# ok: dockerfile-setuid-program
RUN find / -perm /6000 -type f -exec chmod a-s {} +
