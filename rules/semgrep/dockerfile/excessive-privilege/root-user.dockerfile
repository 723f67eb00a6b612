FROM node:20.11 AS build
# ok: dockerfile-root-user
USER root
RUN npm ci
FROM node:20.11-slim
# ok: dockerfile-root-user
USER root
RUN apt-get update
# ruleid: dockerfile-root-user
USER root
CMD ["node", "server.js"]
