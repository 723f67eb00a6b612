FROM debian:12.5
# ruleid: dockerfile-add-from-address
ADD https://example.com/tool.tar.gz /tmp/
# ruleid: dockerfile-add-from-address
ADD ["https://example.com/tool.tar.gz", "/tmp/"]
# ok: dockerfile-add-from-address
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/tool.tar.gz /tmp/
# ok: dockerfile-add-from-address
ADD tool.tar.gz /opt/
