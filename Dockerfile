# syntax=docker/dockerfile:1
# Both base images can be replaced by a mirror's, pinned by digest: --build-arg BUILD_IMAGE=... --build-arg RUN_IMAGE=...
ARG BUILD_IMAGE=node:24
ARG RUN_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# The bundle is the same for every architecture: it is built once, on the machine's own.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY test/support/build.ts test/support/
COPY src src
RUN npm run build

FROM ${RUN_IMAGE}
COPY --from=build /build/dist/main.js /app/main.js
USER 65532:65532
EXPOSE 8080
# The image's entry point is node.
CMD ["/app/main.js"]
