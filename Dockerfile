# syntax=docker/dockerfile:1
# One process and one volume, the site's folder:
#   docker build -t nocturne .
#   docker run --rm -v "$PWD/site:/site" nocturne check --site /site
# To pin the base image: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:...
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
# better-sqlite3 is compiled if there is no prebuilt binary for the platform.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Packages first: this layer is rebuilt only when the lock file changes.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY .config ./.config
COPY scripts/build.mjs ./scripts/build.mjs
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM ${NODE_IMAGE}
# Without the last two, glibc keeps most of what was freed.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
COPY LICENSE ./
RUN ln -s /app/dist/cli/main.js /usr/local/bin/nocturne \
  && install -d -o node -g node -m 0700 /site
# The image's user `node`, given as numbers, so that Kubernetes can verify that it is not root.
USER 1000:1000
VOLUME /site
EXPOSE 8080
# A gateway that serves TLS, or on another port, needs HEALTH_URL=https://127.0.0.1:8443/healthz. Its certificate is
# not verified here: this only checks whether the gateway answers, and the request contains no secret.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD NODE_TLS_REJECT_UNAUTHORIZED=0 exec node --no-warnings -e \
    "fetch(process.env.HEALTH_URL ?? 'http://127.0.0.1:8080/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["nocturne"]
CMD ["serve", "--site", "/site"]
