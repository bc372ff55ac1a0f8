"""Models of an MLflow registry: a tracking server that checks all it is asked, and passes artifacts on."""
import base64
import json
import os
import ssl
import subprocess
import tempfile
import unittest
import urllib.parse

import program
from hub_server import Faults, QuietHandler, start
from program import BUILTIN

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
MLMODEL = """artifact_path: model
flavors:
  python_function: {loader_module: mlflow.transformers}
  transformers:
    components: [tokenizer]
    model_binary: model
"""


class Tracking(Faults):
    """versions: {(name, version): artifact uri}; aliases: {(name, alias): version}; files: {path: bytes}."""

    def __init__(self):
        super().__init__()
        self.versions, self.aliases, self.runs, self.files = {}, {}, {}, {}
        self.tags, self.status = [], "READY"
        self.authorization = None
        self.redirects_to = None      # the address that artifacts are redirected to
        self.sizes = {}               # of files, where the listing does not tell the truth
        self.answers = {}             # {call: bytes} instead of the true answers
        tracking = self

        class Handler(QuietHandler):
            def do_GET(self):
                tracking.serve(self)

        self.handler = Handler
        self.server = start(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, request):
        self.requests.append(request.path)
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.is_busy(request):
            return
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            self.refuse(request, 401, "UNAUTHENTICATED", "You are not authenticated.")
        elif url.path == ARTIFACTS:
            self.list(request, query)
        elif url.path.startswith(ARTIFACTS + "/"):
            self.send_file(request, urllib.parse.unquote(url.path[len(ARTIFACTS) + 1:]))
        elif url.path.startswith(API):
            self.answer(request, url.path[len(API):], query)
        else:
            self.check(False, "path " + request.path)
            request.answer(404)

    def refuse(self, request, status, code, message):
        request.answer(status, json.dumps({"error_code": code, "message": message}).encode())

    def answer(self, request, call, query):
        wanted = {"registered-models/alias": {"name", "alias"}, "registered-models/get-latest-versions": {"name"},
                  "model-versions/get": {"name", "version"}, "model-versions/get-download-uri": {"name", "version"},
                  "runs/get": {"run_id"}}.get(call)
        self.check(wanted == set(query), f"{call} {query}")
        if call in self.answers:
            return request.answer(200, self.answers[call])
        name, version = query.get("name"), query.get("version")
        if call == "registered-models/alias":
            version = self.aliases.get((name, query["alias"]))
        if call == "runs/get":
            uri = self.runs.get(query["run_id"])
            body = {"run": {"info": {"run_id": query["run_id"], "artifact_uri": uri}}} if uri else None
        elif call == "registered-models/get-latest-versions":
            found = [row for row in self.versions if row[0] == name]
            body = {"model_versions": [self.version(*row) for row in found]}
        elif (name, version) not in self.versions:
            body = None
        elif call == "model-versions/get-download-uri":
            body = {"artifact_uri": self.versions[name, version]}
        else:
            body = {"model_version": self.version(name, version)}
        if body is None:
            return self.refuse(request, 404, "RESOURCE_DOES_NOT_EXIST", f"{name} not found\x1b[2J")
        return request.answer(200, json.dumps(body).encode())

    def version(self, name, version):
        return {"name": name, "version": version, "status": self.status, "current_stage": "None", "tags": self.tags}

    def list(self, request, query):
        self.check(set(query) == {"path"}, f"list {query}")
        folder = query["path"] + "/"
        rows = {}
        for path, data in self.files.items():
            if path.startswith(folder):
                first, _, rest = path[len(folder):].partition("/")
                size = self.sizes.get(path, len(data))
                rows[first] = {"path": first, "is_dir": True} if rest else \
                    {"path": first, "is_dir": False, "file_size": size}
        request.answer(200, json.dumps({"files": list(rows.values())} if rows else {}).encode())

    def send_file(self, request, path):
        if path not in self.files:
            return self.refuse(request, 404, "RESOURCE_DOES_NOT_EXIST", "no such artifact")
        if self.redirects_to:
            return request.answer(302, headers=[("Location", f"{self.redirects_to}/{path}")])
        # The real server sends files whole, whatever range is asked for.
        request.send_response(200)
        self.send_body(request, self.files[path], is_storage=len(self.files[path]) > 10_000)


class MlflowTest(program.CommandTest):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        with open(BUILTIN, "rb") as file:
            self.model = file.read()
        self.tracking = Tracking()
        self.addCleanup(self.tracking.stop)

    def tearDown(self):
        self.assertEqual(self.tracking.violations, [])

    def environment(self, extra=None):
        kept = {key: "" for key in os.environ if key.startswith("MLFLOW_") or key.lower().endswith("_proxy")}
        return {**kept, "HOME": self.work.name, "SIXFOLD_HOME": self.path("sixfold"), "NO_PROXY": "*",
                "MLFLOW_TRACKING_URI": self.tracking.url, **(extra or {})}

    def path(self, *parts):
        return os.path.join(self.work.name, *parts)

    def put(self, name="bot", version="3", files=None, uri="mlflow-artifacts:/1/abc/artifacts/model"):
        self.tracking.versions[name, version] = uri
        for path, data in (files or {"tiny.gguf": self.model, "notes.txt": b"x"}).items():
            self.tracking.files["1/abc/artifacts/model/" + path] = data


class Names(MlflowTest):
    def test_versions_aliases_and_the_newest(self):
        self.put(version="3")
        self.put(version="12")
        self.tracking.aliases["bot", "production"] = "3"
        self.tracking.tags = [{"key": "license", "value": "MIT"}]
        for source, version in (("mlflow:models:/bot/3", "3"), ("mlflow:bot@production", "3"), ("mlflow:bot", "12"),
                                ("mlflow:models:/bot/latest", "12")):
            record = json.loads(self.good("pull", source, "--json").stdout)
            self.assertEqual((record["revision"], record["license"]), (version, "MIT"))
            self.assertEqual([file["path"] for file in record["files"]], ["tiny.gguf"])
        self.assertTrue(self.good("run", "mlflow:bot", "The sea", "-n", "2").stdout.startswith(b"The sea"))
        self.assertEqual(self.tracking.storage_bytes, 4 * len(self.model))

    def test_artifacts_of_runs(self):
        self.put()
        self.tracking.runs["abc"] = "mlflow-artifacts:/1/abc/artifacts"
        self.good("run", "mlflow:runs:/abc/model", "The sea", "-n", "2")
        record = json.loads(self.good("pull", "mlflow:runs:/abc/model/tiny.gguf", "--json").stdout)
        self.assertEqual([file["path"] for file in record["files"]], ["tiny.gguf"])
        self.put(name="registered", uri="runs:/abc/model")
        self.good("run", "mlflow:registered/3", "The sea", "-n", "2")

    def test_a_name_with_blanks_and_a_server_below_a_path(self):
        self.put(name="my bot & co", uri=f"mlflow-artifacts://127.0.0.1:{self.tracking.server.server_port}/1/abc/"
                                         "artifacts/model")
        self.good("pull", "mlflow:my bot & co/3")

    def test_a_transformers_model_becomes_one_folder(self):
        self.put(files={"MLmodel": MLMODEL.encode(), "model/config.json": b'{"model_type": "llama"}',
                        "model/model.safetensors": b"w" * 100, "components/tokenizer/tokenizer.json": b"{}",
                        "requirements.txt": b"torch"})
        record = json.loads(self.good("pull", "mlflow:bot/3", "--json").stdout)
        self.assertEqual([file["path"] for file in record["files"]],
                         ["config.json", "model.safetensors", "tokenizer.json"])
        with open(os.path.join(record["path"], "tokenizer.json"), "rb") as file:
            self.assertEqual(file.read(), b"{}")

    def test_what_is_not_there_or_no_checkpoint_is_explained(self):
        self.put()
        done = self.bad(66, "pull", "mlflow:none/1", words=["404", "none not found"])
        self.assertNotIn(b"\x1b", done.stderr)
        self.bad(66, "pull", "mlflow:bot@none", words=["404"])
        self.bad(66, "pull", "mlflow:empty", words=["has no versions"])
        self.bad(64, "pull", "mlflow:bot/x/y", words=["mlflow:[models:/]NAME"])
        self.bad(69, "pull", "mlflow:bot/3", "--offline", words=["offline"])
        self.bad(64, "pull", "mlflow:bot/3", words=["MLFLOW_TRACKING_URI"],
                 environment={"MLFLOW_TRACKING_URI": "databricks"})
        self.put(name="stored", uri="gs://bucket/model")
        self.bad(64, "pull", "mlflow:stored/3", words=["gs://bucket/model", "mlflow-artifacts:"])
        self.put(name="away", uri="mlflow-artifacts://evil.example/1/abc")
        self.bad(77, "pull", "mlflow:away/3", words=["evil.example"])
        self.tracking.status = "PENDING_REGISTRATION"
        self.bad(69, "pull", "mlflow:bot/3", words=["not ready", "PENDING_REGISTRATION"])

    def test_flavors_that_hold_no_checkpoint_are_named(self):
        self.put(files={"MLmodel": b"flavors: {sklearn: {}}", "model.pkl": b"x"})
        self.bad(66, "pull", "mlflow:bot/3", words=["its flavors are sklearn"])


class Trouble(MlflowTest):
    def test_credentials_go_to_the_server_only(self):
        self.put()
        pair = base64.b64encode(b"me:secret").decode()
        for authorization, extra in (("Bearer token-secret", {"MLFLOW_TRACKING_TOKEN": "token-secret"}),
                                     ("Basic " + pair, {"MLFLOW_TRACKING_USERNAME": "me",
                                                        "MLFLOW_TRACKING_PASSWORD": "secret"})):
            self.tracking.authorization = authorization
            self.bad(77, "pull", "mlflow:bot/3", words=["401", "not authenticated", "MLFLOW_TRACKING_TOKEN"])
            done = self.good("pull", "mlflow:bot/3", environment=extra)
            self.assertNotIn(b"secret", done.stderr + done.stdout)

    def test_a_redirect_to_another_host_takes_none_along(self):
        self.put()
        self.tracking.authorization = "Bearer token-secret"
        seen = []
        model = self.model

        class Storage(QuietHandler):
            def do_GET(self):
                seen.append(self.headers.get("Authorization"))
                self.answer(200, model)

        storage = start(Storage)
        self.addCleanup(storage.server_close)
        self.addCleanup(storage.shutdown)
        self.tracking.redirects_to = f"http://localhost:{storage.server_port}"
        self.good("pull", "mlflow:bot/3", environment={"MLFLOW_TRACKING_TOKEN": "token-secret"})
        self.assertEqual(seen, [None])

    def test_a_cut_answer_is_asked_for_again(self):
        self.put()
        self.tracking.cuts = 2
        self.good("run", "mlflow:bot/3", "The sea", "-n", "2")

    def test_a_busy_server_is_asked_again(self):
        self.put()
        self.tracking.busy_answers = 2
        self.good("pull", "mlflow:bot/3")

    def test_a_file_of_another_size_is_refused(self):
        self.put()
        self.tracking.sizes["1/abc/artifacts/model/tiny.gguf"] = len(self.model) + 1
        self.bad(65, "pull", "mlflow:bot/3", words=[f"want {len(self.model) + 1} bytes"])
        self.assertEqual(self.good("list", "--json").stdout, b"[]\n")

    def test_a_full_disk_is_named(self):
        self.put()
        done = self.run_on_full_disk("pull", "mlflow:bot/3")
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(b"partial/", done.stderr)

    def test_two_at_once_end_well(self):
        self.put()
        self.pull_twice_at_once("mlflow:bot/3", self.tracking)

    def test_answers_that_are_no_answers_are_refused(self):
        self.put()
        for answer in (b"[" * 100_000, b"{", b"[]", b'{"model_version": 3}', b'{"model_version": {"version": "x"}}'):
            self.tracking.answers["model-versions/get"] = answer
            self.bad(65, "pull", "mlflow:bot/3")
        del self.tracking.answers["model-versions/get"]
        for uri in ("mlflow-artifacts:/../../etc", "mlflow-artifacts:", "mlflow-artifacts:/a//b"):
            self.put(name="evil", uri=uri)
            self.bad(65, "pull", "mlflow:evil/3", words=["file name"])
        self.tracking.files["1/abc/artifacts/model/..\\x"] = b"x"
        self.bad(65, "pull", "mlflow:bot/3", words=["file name"])

    def test_certificates_are_checked_unless_the_setting_says_otherwise(self):
        self.put()
        key, certificate = self.path("key.pem"), self.path("cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                        certificate], check=True, capture_output=True)
        server = start(self.tracking.handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        address = {"MLFLOW_TRACKING_URI": f"https://localhost:{server.server_port}"}
        self.bad(77, "pull", "mlflow:bot/3", words=["certificate is not trusted"], environment=address)
        for more in ({"MLFLOW_TRACKING_INSECURE_TLS": "true"}, {"MLFLOW_TRACKING_SERVER_CERT_PATH": certificate}):
            self.good("pull", "mlflow:bot/3", "--name", next(iter(more)), environment={**address, **more})


if __name__ == "__main__":
    unittest.main()
