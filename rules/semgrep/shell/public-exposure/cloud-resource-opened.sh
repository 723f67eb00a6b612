#!/bin/sh
# ruleid: shell-cloud-resource-opened
aws s3 cp report.csv s3://bucket/report.csv --acl public-read
# ruleid: shell-cloud-resource-opened
aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 0.0.0.0/0
# ruleid: shell-cloud-resource-opened
gsutil iam ch allUsers:objectViewer gs://bucket
# ruleid: shell-cloud-resource-opened
ossutil64 set-acl oss://bucket public-read-write -b
# ok: shell-cloud-resource-opened
aws s3 cp report.csv s3://bucket/report.csv --acl private
# ok: shell-cloud-resource-opened
aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 443 --cidr 0.0.0.0/0
# ok: shell-cloud-resource-opened
gsutil iam ch user:a@example.com:objectViewer gs://bucket
