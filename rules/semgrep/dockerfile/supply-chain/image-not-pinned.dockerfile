# ruleid: dockerfile-image-not-pinned
FROM node:latest AS build
RUN npm ci
# ok: dockerfile-image-not-pinned
FROM build AS test
RUN npm test
# ruleid: dockerfile-image-not-pinned
FROM registry.example.com:5000/team/base
# ruleid: dockerfile-image-not-pinned
FROM --platform=linux/amd64 debian
# ok: dockerfile-image-not-pinned
FROM debian:12.5
# ok: dockerfile-image-not-pinned
FROM python:3.12@sha256:0000000000000000000000000000000000000000000000000000000000000000
# ok: dockerfile-image-not-pinned
FROM scratch
# ok: dockerfile-image-not-pinned
FROM ${BASE_IMAGE}
