# sedkd with all that compose.yaml needs: the search, its workers, and MLflow's server.
#
# NOT BUILT OR RUN by those who wrote it: they had no Docker daemon. What was run are the same commands on the same services,
# installed without containers: PostgreSQL from Debian's packages and MLflow's server from PyPI (tests/search/run/test_joining.py,
# test_kills.py, tests/search/tracking/test_server.py). tests/test_docker.py reads this file and compose.yaml.
#
# torch from PyPI brings CUDA along, and the image is some gigabytes large.
FROM python:3.11-slim

WORKDIR /sedkd
COPY pyproject.toml README.md ./
COPY sedkd sedkd
COPY search search
COPY spaces spaces
RUN pip install --no-cache-dir ".[postgresql,s3]"

RUN useradd --create-home listener && mkdir -p /store /cache /recordings && chown listener /store /cache
USER listener
ENV SEDKD_STORE=/store SEDKD_CACHE=/cache MLFLOW_DISABLE_TELEMETRY=true
WORKDIR /store
CMD ["sedkd-search", "--help"]
