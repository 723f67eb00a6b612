FROM debian:12.5
# ruleid: dockerfile-insecure-build-step
RUN --security=insecure make install
# ok: dockerfile-insecure-build-step
RUN --security=sandbox make install
# ok: dockerfile-insecure-build-step
RUN --network=none make test
