# One image for every role of a server: castline api | worker | emulator | migrate | ...
# It has no Temporal server: `castline up` and `castline demo` are for one machine without containers.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
WORKDIR /opt/castline
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --require-hashes -r requirements.txt
COPY . .
# pip compiles what it installs: nobody may write there later. What installs is not needed to run.
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation . \
    && /opt/venv/bin/pip uninstall --yes setuptools pip

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data castline \
    && install -d -o castline -g castline -m 0700 /data \
    && python -m pip uninstall --yes --root-user-action ignore pip
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CASTLINE_DATA_DIR=/data \
    CASTLINE_WORKER_HEALTH_PORT=8422
USER 10001
WORKDIR /data
VOLUME /data
# Ready, by /readyz of the role that runs here. A worker answers on its own loopback.
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=6 \
    CMD ["python", "-P", "-m", "runtime.healthcheck"]
ENTRYPOINT ["castline"]
CMD ["--help"]
