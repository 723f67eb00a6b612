FROM gcr.io/distroless/static:nonroot
COPY app /
# ok: dockerfile-no-user
ENTRYPOINT ["/app"]
