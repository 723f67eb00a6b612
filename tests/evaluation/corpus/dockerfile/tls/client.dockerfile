FROM node:20.11-bookworm-slim
# case: vulnerable (short option among others)
RUN curl -fksSL https://artifacts.acme.example/app.tgz -o app.tgz
# case: vulnerable
RUN pip3 install --no-cache-dir --trusted-host nexus.acme.example -i https://nexus.acme.example/simple acme
# case: vulnerable
ENV NODE_ENV=production NODE_TLS_REJECT_UNAUTHORIZED=0
# case: vulnerable
RUN npm config set strict-ssl=false
# case: vulnerable
RUN git -c http.sslVerify=false clone https://git.acme.example/app.git
# case: vulnerable
RUN printf 'Host *\n  StrictHostKeyChecking no\n' >> /etc/ssh/ssh_config
# case: safe (own authority)
RUN curl -fsSL --cacert /etc/ssl/acme.pem https://artifacts.acme.example/app.tgz -o app.tgz
# case: safe (installs the authority's certificate)
COPY acme.crt /usr/local/share/ca-certificates/
RUN update-ca-certificates
# case: safe (k stands in a file name)
RUN curl -o pack-k.tgz https://artifacts.acme.example/pack-k.tgz
# case: safe (checks stay on)
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/acme.crt
# case: safe (host keys are known)
COPY known_hosts /etc/ssh/ssh_known_hosts
