FROM nginxinc/nginx-unprivileged:1.25.4
# case: safe (switches back below)
USER root
RUN apt-get update && apt-get -y install curl
# case: safe (an ordinary user)
USER 101
CMD ["nginx", "-g", "daemon off;"]
