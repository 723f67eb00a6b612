FROM debian:12.5
# ruleid: dockerfile-package-signature-off
RUN apt-get install -y --allow-unauthenticated tool
# ruleid: dockerfile-package-signature-off
RUN echo "deb [trusted=yes] https://repo.example.com/apt ./" > /etc/apt/sources.list.d/x.list
# ruleid: dockerfile-package-signature-off
RUN yum install -y --nogpgcheck https://example.com/a.rpm
# ruleid: dockerfile-package-signature-off
RUN curl -fsSL http://downloads.example.com/tool.tar.gz -o tool.tar.gz
# ruleid: dockerfile-package-signature-off
RUN pip install --index-url http://pypi.example.com/simple tool
# ok: dockerfile-package-signature-off
RUN echo "deb [signed-by=/usr/share/keyrings/x.gpg] https://repo.example.com/apt ./" > /etc/apt/sources.list.d/x.list
# ok: dockerfile-package-signature-off
RUN curl -fsSL https://downloads.example.com/tool.tar.gz -o tool.tar.gz
# ok: dockerfile-package-signature-off
RUN curl -f http://localhost:8080/health.sh
