FROM debian:12.5
# ruleid: dockerfile-sudo-in-build
RUN sudo apt-get update
# ok: dockerfile-sudo-in-build
RUN apt-get install -y --no-install-recommends sudo-ldap
