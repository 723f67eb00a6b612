FROM quay.io/jupyter/minimal-notebook:2024-05-27
# case: vulnerable
CMD ["start-notebook.py", "--IdentityProvider.token=''"]
# case: vulnerable
ENV ALLOW_EMPTY_PASSWORD=yes
# case: vulnerable
CMD ["code-server", "--auth", "none", "--bind-addr", "0.0.0.0:8080"]
# case: safe (token is generated)
CMD ["start-notebook.py", "--ip=0.0.0.0"]
# case: safe (off)
ENV ALLOW_EMPTY_PASSWORD=no
# case: safe (asks for a password)
CMD ["code-server", "--auth", "password"]
