FROM python:3.12
# ruleid: dockerfile-certificate-check-off
RUN curl -sSLk https://example.com/a.tgz -o a.tgz
# ruleid: dockerfile-certificate-check-off
RUN wget --quiet --no-check-certificate https://example.com/a.tgz
# ruleid: dockerfile-certificate-check-off
RUN pip install --trusted-host pypi.example.com -r requirements.txt
# ruleid: dockerfile-certificate-check-off
ENV NODE_TLS_REJECT_UNAUTHORIZED=0
# ruleid: dockerfile-certificate-check-off
RUN npm config set strict-ssl false && npm ci
# ruleid: dockerfile-certificate-check-off
RUN git config --global http.sslVerify false
# ok: dockerfile-certificate-check-off
RUN curl -fsSL --cacert /etc/ssl/company.pem https://example.com/a.tgz -o a.tgz
# ok: dockerfile-certificate-check-off
RUN curl -o keys/k https://example.com/kit
# ok: dockerfile-certificate-check-off
ENV NODE_TLS_REJECT_UNAUTHORIZED=1
# ok: dockerfile-certificate-check-off
RUN wget https://example.com/no-check-certificate.html
