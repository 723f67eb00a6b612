FROM debian:12.5
# ruleid: dockerfile-ssh-root-login
RUN echo "PermitRootLogin yes" >> /etc/ssh/sshd_config
# ruleid: dockerfile-ssh-root-login
RUN sed -i 's/#PermitRootLogin prohibit-password/PermitRootLogin yes/' /etc/ssh/sshd_config
# ruleid: dockerfile-ssh-root-login
RUN passwd -d root
# ok: dockerfile-ssh-root-login
RUN sed -i 's/^#*PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config
# ok: dockerfile-ssh-root-login
RUN passwd -l root
