FROM debian:12.5
# case: vulnerable
EXPOSE 22/tcp
# case: vulnerable
EXPOSE 80 3389
# case: safe (web ports)
EXPOSE 80 443
# case: safe (longer number)
EXPOSE 8022
