FROM python:3.11-slim-bookworm AS build

WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/schedsvc \
 && /opt/schedsvc/bin/pip install --no-cache-dir --constraint constraints.txt ".[uvloop]"

FROM python:3.11-slim-bookworm

# Fixed numbers: the manifests name them too.
RUN groupadd --gid 10001 schedsvc \
 && useradd --uid 10001 --gid schedsvc --no-create-home --shell /usr/sbin/nologin schedsvc
COPY --from=build /opt/schedsvc /opt/schedsvc

ENV PATH=/opt/schedsvc/bin:$PATH \
    PYTHONUNBUFFERED=1

USER 10001:10001
EXPOSE 50051 50052 9464
ENTRYPOINT ["schedsvc"]
CMD ["serve"]
