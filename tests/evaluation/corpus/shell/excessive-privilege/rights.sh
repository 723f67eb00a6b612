#!/bin/sh
# case: vulnerable
chmod -R 777 /srv/app
# case: vulnerable
umask 0000
# case: vulnerable
docker run --privileged -d acme/agent:1.4
# case: vulnerable
docker run -d -v /var/run/docker.sock:/var/run/docker.sock acme/agent:1.4
# case: vulnerable
kubectl create clusterrolebinding agent --clusterrole cluster-admin --serviceaccount acme:agent
# case: vulnerable
chmod u+s /usr/local/bin/agent
# case: safe (group)
chmod -R g+rwX,o-rwx /srv/app
# case: safe (usual)
umask 027
# case: safe (one folder)
docker run -d -v /srv/data:/data --cap-drop=ALL acme/agent:1.4
# case: safe (read rights only)
kubectl create rolebinding agent --clusterrole=view --serviceaccount=acme:agent
