# sixfold as an image, for those who build images with an engine:
#
#   docker build -t sixfold .
#   docker run --read-only -p 8080:8080 sixfold                                    # the built-in model
#   docker run -p 8080:8080 -v "$PWD":/models:ro sixfold serve /models/model.gguf --host 0.0.0.0
#
# `sixfold deploy container` makes the same image without an engine, with a model in it if you like: docs/container.md.
FROM debian:12-slim AS build
WORKDIR /src
COPY . .
RUN tools/bootstrap build && tools/build release sixfold

# The program, the libraries that it needs and nothing else, as sixfold itself packs them.
WORKDIR /image
RUN printf 'apiVersion: sixfold/v1\nname: sixfold\ntargets: {container: {archive: image.tar}}\n' >sixfold.yaml && \
    /src/build/release/bin/sixfold deploy container --yes && \
    layer=$(tar -xOf image.tar manifest.json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Layers"][0])') && \
    mkdir /root_of_image && tar -xOf image.tar "$layer" | tar -xz -C /root_of_image

FROM scratch
COPY --from=build /root_of_image/ /
ENV PATH=/usr/bin:/bin HOME=/tmp SIXFOLD_HOME=/models HF_HOME=/models/huggingface \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/sixfold"]
CMD ["serve", "builtin:", "--host", "0.0.0.0", "--port", "8080"]
