# One image for every component: docker-compose.yml says which command each of them runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_PROGRESS_BAR=off
WORKDIR /src
RUN python -m venv --without-pip /opt/dealwire
# Exactly the packages of the lock file, by their hashes; a layer of its own, for it rarely changes.
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/dealwire/bin/python install --require-hashes --requirement requirements.lock
COPY . ./
# setuptools has built this project and is not needed any more, nor are the packages' own tests.
# `dealwire demo` looks for its seeds beside the packages.
RUN pip --python /opt/dealwire/bin/python install --no-deps --no-build-isolation . \
 && pip --python /opt/dealwire/bin/python uninstall --yes setuptools \
 && find /opt/dealwire -depth -type d -name tests -exec rm -r {} + \
 && ln -s /seeds "$(/opt/dealwire/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/seeds"

FROM python:3.11-slim
LABEL org.opencontainers.image.title="dealwire" org.opencontainers.image.licenses="Apache-2.0"
RUN pip uninstall --yes --root-user-action=ignore pip setuptools wheel \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin dealwire \
 && install --directory --owner=dealwire --group=dealwire /data
COPY --from=build /opt/dealwire /opt/dealwire
COPY --chmod=755 seeds /seeds
ENV PATH=/opt/dealwire/bin:$PATH PYTHONUNBUFFERED=1
# Every module can be imported, or there is no image. This also compiles what they use of the
# standard library, once: health checks start Python again and again.
RUN python -c 'import cli.main as main, processors.agents; [main.cli.get_command(None, name) for name in main.COMMANDS]'
ENV PYTHONDONTWRITEBYTECODE=1 \
    DEALWIRE_KAFKA=kafka:9092 \
    DEALWIRE_DB=/data/dealwire.db \
    DEALWIRE_STATE=/data/dealwire-state.db \
    DEALWIRE_FEEDS=/data/feeds.toml
WORKDIR /data
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["dealwire"]
CMD ["--help"]
