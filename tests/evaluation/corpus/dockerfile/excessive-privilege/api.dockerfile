FROM golang:1.22 AS build
RUN go build -o /api ./cmd/api
FROM debian:12.5
# case: vulnerable
RUN mkdir -p /var/lib/api && chmod -R 0777 /var/lib/api
# case: vulnerable
RUN echo "%wheel ALL=(ALL:ALL) NOPASSWD: ALL" | tee /etc/sudoers.d/wheel
# case: vulnerable
RUN chmod 4755 /usr/bin/helper
# case: vulnerable
RUN sed -ri 's/^#?PermitRootLogin.*/PermitRootLogin yes/' /etc/ssh/sshd_config
# case: safe (group only)
RUN chgrp -R 0 /var/lib/api && chmod -R g=u /var/lib/api
# case: safe (sticky like /tmp)
RUN chmod 1777 /var/lib/api/scratch
# case: safe (executable for all, writable for one)
COPY --chmod=0755 run.sh /usr/local/bin/run.sh
# case: safe (takes rights away)
RUN chmod a-w,o-rwx /etc/api.conf
# case: safe (one command only)
RUN echo "api ALL=(root) NOPASSWD: /usr/sbin/nginx -s reload" > /etc/sudoers.d/api
# case: vulnerable
USER 0:0
ENTRYPOINT ["/api"]
