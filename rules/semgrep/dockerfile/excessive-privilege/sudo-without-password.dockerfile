FROM debian:12.5
# ruleid: dockerfile-sudo-without-password
RUN echo "app ALL=(ALL) NOPASSWD: ALL" >> /etc/sudoers
# ruleid: dockerfile-sudo-without-password
RUN echo "app ALL=(root) NOPASSWD:ALL" > /etc/sudoers.d/app && chmod 0440 /etc/sudoers.d/app
# ok: dockerfile-sudo-without-password
RUN echo "app ALL=(root) NOPASSWD: /usr/local/bin/reload-proxy" > /etc/sudoers.d/app
# ok: dockerfile-sudo-without-password
RUN useradd --system app
