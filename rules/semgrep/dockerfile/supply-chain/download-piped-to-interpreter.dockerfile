FROM debian:12.5
# ruleid: dockerfile-download-piped-to-interpreter
RUN curl -fsSL https://get.example.com/install.sh | sh
# ruleid: dockerfile-download-piped-to-interpreter
RUN apt-get update && wget -qO- https://example.com/setup_20.x | bash -
RUN set -eux; \
# ruleid: dockerfile-download-piped-to-interpreter
    curl --proto '=https' -sSf https://sh.example.rs \
      | sh -s -- -y
# ruleid: dockerfile-download-piped-to-interpreter
RUN bash -c "$(curl -fsSL https://raw.example.com/install.sh)"
# ok: dockerfile-download-piped-to-interpreter
RUN curl -fsSL https://example.com/key.asc | gpg --dearmor -o /usr/share/keyrings/example.gpg
# ok: dockerfile-download-piped-to-interpreter
RUN curl -fsSL -o tool.tgz https://example.com/tool.tgz && echo "0a1b  tool.tgz" | sha256sum -c - && tar xzf tool.tgz
# ok: dockerfile-download-piped-to-interpreter
# curl https://example.com/install.sh | sh
# ok: dockerfile-download-piped-to-interpreter
RUN curl -s https://example.com/list.json | python3 -m json.tool
