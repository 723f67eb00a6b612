# syntax=docker/dockerfile:1
ARG VERSION=3.12
# case: vulnerable (no tag at all)
FROM eclipse-temurin AS build
# case: safe (a stage of this file)
FROM build AS packaged
# case: safe (version by argument)
FROM python:${VERSION}-slim
# case: vulnerable
FROM --platform=$BUILDPLATFORM ghcr.io/acme/toolbox:latest
# case: safe (digest)
FROM ghcr.io/acme/toolbox:2.1@sha256:4ad2a3b8f6a1c9d2e0b7c1f7c0fd1b7e5e3b8a2a9d1c6f1e4b5a7d8c9e0f1a2b
# case: vulnerable (the pipe stands on the next line)
RUN set -eux; \
    curl --fail --silent --show-error --location https://tools.acme.example/bootstrap \
    | bash -s -- --channel stable
# case: vulnerable (wget, with sudo)
RUN wget -q https://tools.acme.example/agent.sh -O - | sudo bash
# case: vulnerable (command substitution)
RUN sh -c "$(curl -fsSL https://tools.acme.example/install)"
# case: safe (the archive is unpacked, not run, and checked)
RUN curl -fsSLo /tmp/jq.tgz https://tools.acme.example/jq.tgz \
 && echo "9f4c2e1d  /tmp/jq.tgz" | sha256sum --check \
 && tar -xzf /tmp/jq.tgz -C /usr/local/bin
# case: safe (the key is only stored)
RUN curl -fsSL https://repo.acme.example/key.asc | tee /etc/apt/trusted.gpg.d/acme.asc
# case: vulnerable
ADD https://tools.acme.example/agent-1.4.tar.gz /opt/agent/
# case: safe (checksum given)
ADD --checksum=sha256:0b3f0c5a6b2d4e8f9a1c7d6e5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a3928 https://tools.acme.example/agent-1.4.tar.gz /opt/agent/
# case: safe (local archive)
ADD agent-1.4.tar.gz /opt/agent/
# case: vulnerable
RUN echo 'deb [trusted=yes] https://repo.acme.example/apt stable main' > /etc/apt/sources.list.d/acme.list
# case: safe (signed)
RUN echo 'deb [signed-by=/etc/apt/keyrings/acme.gpg] https://repo.acme.example/apt stable main' > /etc/apt/sources.list.d/acme.list
# case: vulnerable
RUN dnf -y --nogpgcheck install acme-agent
# case: vulnerable (plain HTTP)
RUN wget http://downloads.acme.example/agent_1.4_amd64.deb && dpkg -i agent_1.4_amd64.deb
# case: safe (the same over HTTPS and checked)
RUN wget https://downloads.acme.example/agent_1.4_amd64.deb && sha256sum -c agent.sum && dpkg -i agent_1.4_amd64.deb
# case: safe (a health check on this machine)
HEALTHCHECK CMD curl -f http://localhost:8080/health || exit 1
