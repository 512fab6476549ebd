# One image for the lab, the load generator and the relay: docker build --build-arg COMMIT="$(git rev-parse HEAD)" .
ARG BUN_VERSION=1.4.5

FROM oven/bun:${BUN_VERSION}-slim AS dependencies
WORKDIR /home/bun/app
COPY package.json bun.lock ./
# Removed, because they are not used at run time: TypeScript (a peer dependency of elysia), source maps, declarations and
# the tests of packages.
RUN bun install --frozen-lockfile --production --ignore-scripts \
  && rm -rf node_modules/typescript node_modules/@typescript node_modules/.bin node_modules/*/test node_modules/*/tests \
  && find node_modules -type f \( -name "*.map" -o -name "*.d.ts" -o -name "*.d.mts" -o -name "*.d.cts" \) -delete

FROM oven/bun:${BUN_VERSION}-slim
# Equal to the version in package.json; a test compares them.
ARG VERSION=0.1.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="wirelab" \
  org.opencontainers.image.description="Serves HTTP, TCP and UDP, injects faults, and measures loss, delay and jitter" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${COMMIT}"
WORKDIR /home/bun/app
COPY --from=dependencies /home/bun/app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY scripts ./scripts
# For WIRELAB_DATA; a volume mounted there gets its owner. The rest of the file system can be read-only.
RUN install --directory --owner=bun --group=bun --mode=0700 /data
# The default is every address, because the loopback interface of a container cannot be reached from outside; access is
# limited by what is published. Bun's transpiler cache is off, because the root file system may be read-only.
ENV NODE_ENV=production \
  WIRELAB_HOST=0.0.0.0 \
  WIRELAB_COMMIT=${COMMIT} \
  BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
USER bun
EXPOSE 5000/tcp 6000/tcp 7000/udp 5443/tcp 5444/tcp 5443/udp 6443/tcp
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
  CMD ["bun", "-e", "fetch(`http://127.0.0.1:${process.env.WIRELAB_HTTP_PORT || 5000}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["bun", "src/main.ts"]
