FROM jupyter/base-notebook:2024-05-27
# ruleid: dockerfile-service-without-password
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--ServerApp.token=''"]
# ruleid: dockerfile-service-without-password
CMD jupyter notebook --NotebookApp.token= --allow-root
# ruleid: dockerfile-service-without-password
ENV POSTGRES_HOST_AUTH_METHOD=trust
# ruleid: dockerfile-service-without-password
CMD ["redis-server", "--protected-mode", "no"]
# ruleid: dockerfile-service-without-password
ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes
# ok: dockerfile-service-without-password
CMD ["jupyter", "lab", "--ip=0.0.0.0"]
# ok: dockerfile-service-without-password
ENV POSTGRES_HOST_AUTH_METHOD=scram-sha-256
USER app
# ok: dockerfile-service-without-password
CMD ["redis-server", "--requirepass", "$REDIS_PASSWORD"]
