FROM debian:12.5
# ruleid: dockerfile-administration-port
EXPOSE 22
# ruleid: dockerfile-administration-port
EXPOSE 8080 2375/tcp
# ok: dockerfile-administration-port
EXPOSE 8080 8443
# ok: dockerfile-administration-port
EXPOSE 2200
