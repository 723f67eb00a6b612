FROM alpine:3.20
# ruleid: dockerfile-ssh-host-key-unchecked
RUN echo "StrictHostKeyChecking no" >> /etc/ssh/ssh_config
# ruleid: dockerfile-ssh-host-key-unchecked
ENV GIT_SSH_COMMAND="ssh -o StrictHostKeyChecking=no"
# ok: dockerfile-ssh-host-key-unchecked
COPY known_hosts /root/.ssh/known_hosts
# ok: dockerfile-ssh-host-key-unchecked
ENV GIT_SSH_COMMAND="ssh -o StrictHostKeyChecking=yes"
