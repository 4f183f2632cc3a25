# callcamp-sync in a slim image: versions pinned by hash, no build tools, not root. See docs/docker.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY locks/run.txt locks/run.txt
RUN python -m venv /opt/callcamp \
    && /opt/callcamp/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r locks/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY callcamp_sync callcamp_sync
COPY mappings mappings
COPY sample_data sample_data
RUN /opt/callcamp/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin callcamp \
    && install -d -o 10001 -g 10001 -m 0700 /state \
    && install -d -o 10001 -g 10001 -m 0755 /data
COPY --from=build /opt/callcamp /opt/callcamp
ENV PATH="/opt/callcamp/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    CALLCAMP_STATE_DIR=/state \
    CALLCAMP_REPORT_DIR=/data/reports
USER 10001:10001
WORKDIR /data
# /state: the ledger of who must never be called and the journal. Without a volume a new container would not know them.
VOLUME ["/state", "/data"]
# Healthy is a container whose journal can be read. It asks no server: that would cost requests of the account's quota.
HEALTHCHECK --interval=60s --timeout=20s --start-period=5s --retries=3 \
    CMD ["callcamp-sync", "runs", "list", "--limit", "1", "--quiet"]
ENTRYPOINT ["callcamp-sync"]
CMD ["--help"]
