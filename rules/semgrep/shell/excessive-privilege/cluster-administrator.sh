#!/bin/sh
# ruleid: shell-cluster-administrator
kubectl create clusterrolebinding ci --clusterrole=cluster-admin --serviceaccount=ci:default
# ruleid: shell-cluster-administrator
oc adm policy add-scc-to-user privileged -z default
# ok: shell-cluster-administrator
kubectl create rolebinding ci --clusterrole=view --serviceaccount=ci:default
# ok: shell-cluster-administrator
kubectl create role reader --verb=get --resource=pods
