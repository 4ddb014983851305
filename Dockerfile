# One image for every role: castline api | worker | emulator | migrate | ...
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
WORKDIR /opt/castline
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --require-hashes -r requirements.txt
COPY . .
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation -e .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data castline \
    && install -d -o castline -g castline -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/castline /opt/castline
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CASTLINE_DATA_DIR=/data
USER castline
WORKDIR /data
VOLUME /data
ENTRYPOINT ["castline"]
CMD ["--help"]
