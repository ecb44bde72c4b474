# One image for every role: docker run … tributary serve | consume | replay | train | doctor
# BUILD_IMAGE has what native packages are compiled with, BASE_IMAGE is what the program runs on; both have Node 24.
ARG BUILD_IMAGE=node:24-bookworm
ARG BASE_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

FROM ${BASE_IMAGE}
ENV NODE_ENV=production TRIBUTARY_HOME=/data TRIBUTARY_HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY schemas ./schemas
COPY src ./src
# By number: the user that official images call `node`, and that others need not have.
RUN mkdir -p /data /releases && chown 1000:1000 /data /releases
USER 1000:1000
VOLUME /data /releases
EXPOSE 8080
ENTRYPOINT ["node", "src/bin/tributary.mjs"]
CMD ["start"]
