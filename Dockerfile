# The image of the service. Build: docker build -t tollgate .
# Node 26 is the newest line with long-term support (from October 2026 to April 2029).

FROM node:26.10.0-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

# What is compiled, with everything that needs.
FROM base AS build
# Generating the client needs no schema engine; the CLI only wants a file to be there, and would download one.
ENV PRISMA_SCHEMA_ENGINE_BINARY=/bin/true
RUN npm ci
COPY tsconfig.json ./
COPY .config ./.config
COPY prisma ./prisma
COPY scripts ./scripts
COPY src ./src
RUN npm run build \
 && rm -rf dist/dev dist/testing

# What runs: no developers' packages, of Prisma only the client and its engine for PostgreSQL (that is in the generated part).
FROM base AS modules
# Optional peers too: Prisma's command line and TypeScript would come along as such.
RUN npm ci --omit=dev --omit=optional --omit=peer \
 && cd node_modules/@prisma/client/runtime \
 && rm -f query_compiler_* wasm-compiler-edge.* ./*.mjs ./*.map
COPY --from=build /app/node_modules/.prisma ./node_modules/.prisma

FROM base AS runtime
LABEL org.opencontainers.image.title="Tollgate" \
      org.opencontainers.image.description="Accounts, sessions, one-time passwords and exact rate limits over a REST API" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    PORT=3000
# Nothing is installed in a running container.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* .npmrc
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# main.js applies migrations when it starts.
COPY prisma ./prisma
# Owned by root and not writable: the service keeps all it knows in PostgreSQL and Redis.
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself, no shell and no npm between: SIGTERM reaches the service, which then drains. `docker run --init` is not needed.
CMD ["node", "--enable-source-maps", "dist/main.js"]
