FROM node:20.11-slim
# ok: dockerfile-root-user
USER root
RUN apt-get update
USER node
CMD ["node", "server.js"]
