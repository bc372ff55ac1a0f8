"""A docker-registry process, and model artifacts put into it by hand."""
import base64
import hashlib
import http.client
import json
import os
import socket
import subprocess
import time
import urllib.parse

MODELPACK = "application/vnd.cncf.model."


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data, media_type, path=None):
    row = {"mediaType": media_type, "digest": sha256(data), "size": len(data)}
    if path is not None:
        row["annotations"] = {"org.cncf.model.filepath": path}
    return row


def manifest_of(layers, config=b"{}", config_type=MODELPACK + "config.v1+json"):
    return json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                       "config": descriptor(config, config_type), "layers": layers}).encode()


class Registry:
    """A docker-registry process with an empty store.  login: (user, password) of the one who may do all.  tokens: the
    server that gives its tokens; it is spoken to by TLS then."""

    def __init__(self, folder, login=None, tokens=None):
        self.port, self.login = free_port(), login
        address = tokens.server.server_address[0] if tokens else "127.0.0.1"
        self.host = f"{address if tokens else 'localhost'}:{self.port}"
        tls = f", tls: {{certificate: '{tokens.certificate_file}', key: '{tokens.key_file}'}}" if tokens else ""
        lines = ["version: 0.1", "log: {level: error, accesslog: {disabled: true}}",
                 f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}",
                 f"http: {{addr: '{address}:{self.port}'{tls}}}"]
        if tokens:
            lines.append(tokens.configuration())
        if login:
            hashed = subprocess.run(["htpasswd", "-Bbn", *login], check=True, capture_output=True).stdout
            with open(f"{folder}/htpasswd", "wb") as file:
                file.write(hashed)
            lines.append(f"auth: {{htpasswd: {{realm: here, path: {folder}/htpasswd}}}}")
        with open(f"{folder}/config.yml", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        self.process = subprocess.Popen(["docker-registry", "serve", f"{folder}/config.yml"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection((address, self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise

    def stop(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=b"", content_type="application/octet-stream", accept="*/*"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Content-Type": content_type, "Host": self.host, "Accept": accept}
        if self.login:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(self.login).encode()).decode()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def put_blob(self, name, data):
        where = urllib.parse.urlsplit(self.ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"])
        assert self.ask("PUT", f"{where.path}?{where.query}&digest={sha256(data)}", data).status == 201

    def put_model(self, name, tag, files, config=b"{}", config_type=MODELPACK + "config.v1+json"):
        """files: [(path or None, media type, bytes)]."""
        layers = []
        for path, media_type, data in files:
            self.put_blob(name, data)
            layers.append(descriptor(data, media_type, path))
        self.put_blob(name, config)
        manifest = manifest_of(layers, config, config_type)
        done = self.ask("PUT", f"/v2/{name}/manifests/{tag}", manifest, "application/vnd.oci.image.manifest.v1+json")
        assert done.status == 201, done.status
        return sha256(manifest)


def login_file(folder, host, user, password):
    """Environment variables that name a file as docker login writes it."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    path = os.path.join(folder, "auth.json")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"auths": {host: {"auth": pair}}}, file)
    return {"REGISTRY_AUTH_FILE": path}
