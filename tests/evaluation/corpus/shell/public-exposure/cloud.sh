#!/bin/sh
# case: vulnerable
aws s3api put-bucket-acl --bucket acme-files --acl public-read
# case: vulnerable
aws ec2 authorize-security-group-ingress --group-id sg-2 --protocol tcp --port 3389 --cidr 0.0.0.0/0
# case: vulnerable
gcloud run services add-iam-policy-binding api --member="allUsers" --role="roles/run.invoker"
# case: safe (own account only)
aws s3api put-bucket-acl --bucket acme-files --acl bucket-owner-full-control
# case: safe (office only)
aws ec2 authorize-security-group-ingress --group-id sg-2 --protocol tcp --port 3389 --cidr 203.0.113.0/24
