FROM debian:12.5
# ruleid: dockerfile-world-writable
RUN mkdir /data && chmod -R 777 /data
# ruleid: dockerfile-world-writable
COPY --chmod=0777 entrypoint.sh /
# ruleid: dockerfile-world-writable
RUN chmod a+rwx /opt/app
# ruleid: dockerfile-world-writable
RUN chmod o+w /etc/app.conf
# ok: dockerfile-world-writable
RUN chmod 0755 /entrypoint.sh && chmod -R g=u /data
# ok: dockerfile-world-writable
RUN mkdir /scratch && chmod 1777 /scratch
# ok: dockerfile-world-writable
COPY --chmod=755 entrypoint.sh /
# ok: dockerfile-world-writable
RUN chmod a+x /entrypoint.sh && chmod u+rwx,go-w /data
