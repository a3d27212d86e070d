# handlerbench in a container: docs/getting-it.md says how to build and run it, and what a container changes.
# docs/deploy.md has several containers: a compose file, and manifests for Kubernetes.

FROM python:3.12-slim AS base
RUN useradd --create-home --uid 1000 bench

# For the editor's container (.devcontainer): what `make` needs; `make setup` installs the rest into .venv.
FROM base AS dev
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium git make \
    && rm -rf /var/lib/apt/lists/*
USER bench

# What both images have: nothing that is not in the lock. PostgreSQL comes with it, and refuses to run as root.
FROM base AS installed
WORKDIR /opt/handlerbench
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY analysis ./analysis
COPY bench_app ./bench_app
COPY experiment ./experiment
COPY guest ./guest
COPY harness ./harness
COPY locustfiles ./locustfiles
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --no-index . \
    && install --directory --owner=bench /work /work/results
USER bench
WORKDIR /work

# For Locust's operator, which gives its pods options of Locust: `docker build --target locust`.
FROM installed AS locust
ENTRYPOINT ["locust"]

# The image, which `docker build` makes by itself: `bench`.
FROM installed
ENTRYPOINT ["bench"]
CMD ["--help"]
