# syntax=docker/dockerfile:1
# The bot with its scanners inside. Build:  docker build -t mergewarden .
# Nothing is downloaded at run time, so the image can be carried into a network without an outside (docker save | docker load).

FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/mergewarden
COPY requirements.run.lock pyproject.toml README.md LICENSE ./
RUN /opt/mergewarden/bin/pip install --no-cache-dir --require-hashes -r requirements.run.lock
COPY bot bot
COPY scanners scanners
COPY rules rules
RUN /opt/mergewarden/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git ca-certificates tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/mergewarden --create-home --shell /usr/sbin/nologin mergewarden
COPY --from=build /opt/mergewarden /opt/mergewarden
ENV PATH=/opt/mergewarden/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MERGEWARDEN_DATA_DIR=/var/lib/mergewarden \
    MERGEWARDEN_LOG_FORMAT=json
USER mergewarden
VOLUME /var/lib/mergewarden
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["tini", "--", "mergewarden"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
