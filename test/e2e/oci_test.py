"""Models in container registries: Debian's docker-registry, with and without logins, and a server that gives tokens."""
import base64
import json
import os
import shutil
import unittest
import urllib.parse

import program
from hub_server import QuietHandler, start
from oci_registry import MODELPACK, Registry, descriptor, login_file, manifest_of, sha256
from program import BUILTIN


class OciTest(program.HomeTest):
    def setUp(self):
        super().setUp()
        with open(BUILTIN, "rb") as file:
            self.model = file.read()

    def environment(self, extra=None):
        return super().environment({"XDG_RUNTIME_DIR": "", "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "", **(extra or {})})

    def login_file(self, host, user, password):
        return login_file(self.work.name, host, user, password)


@unittest.skipUnless(shutil.which("docker-registry"), "docker-registry is not installed")
class RealRegistry(OciTest):
    def registry(self, login=None):
        registry = Registry(self.work.name, login)
        self.addCleanup(registry.stop)
        return registry

    def test_a_model_pack_is_pulled_and_runs(self):
        registry = self.registry()
        config = json.dumps({"descriptor": {"licenses": ["Apache-2.0"]}, "config": {}, "modelfs": {}}).encode()
        digest = registry.put_model("org/tiny", "v1", [("tiny.gguf", MODELPACK + "weight.v1.raw", self.model),
                                                       ("README.md", MODELPACK + "doc.v1.raw", b"# tiny")], config)
        source = f"oci:{registry.host}/org/tiny:v1"
        record = json.loads(self.good("pull", source, "--json").stdout)
        self.assertEqual((record["revision"], record["license"]), (digest, "Apache-2.0"))
        self.assertEqual([file["path"] for file in record["files"]], ["tiny.gguf"])
        self.assertTrue(self.good("run", source, "The sea", "-n", "2").stdout.startswith(b"The sea"))
        self.good("pull", f"oci:{registry.host}/org/tiny@{digest}")

    def test_a_docker_model_runner_artifact_is_pulled(self):
        registry = self.registry()
        registry.put_model("ai/tiny", "latest", [(None, "application/vnd.docker.ai.gguf.v3", self.model),
                                                 (None, "application/vnd.docker.ai.license", b"MIT")],
                           config_type="application/vnd.docker.ai.model.config.v0.1+json")
        self.good("run", f"oci:{registry.host}/ai/tiny", "The sea", "-n", "2")

    def test_a_login_is_taken_from_dockers_file(self):
        registry = self.registry(("me", "secret"))
        registry.put_model("org/tiny", "v1", [("tiny.gguf", MODELPACK + "weight.v1.raw", self.model)])
        source = f"oci:{registry.host}/org/tiny:v1"
        self.bad(77, "pull", source, words=["docker login"])
        self.bad(77, "pull", source, environment=self.login_file(registry.host, "me", "wrong"))
        self.good("pull", source, environment=self.login_file(registry.host, "me", "secret"))

    def test_what_is_no_model_is_explained(self):
        registry = self.registry()
        registry.put_model("org/doc", "v1", [("README.md", MODELPACK + "doc.v1.raw", b"x")])
        registry.put_model("org/tar", "v1", [("x", MODELPACK + "weight.v1.tar", b"x")])
        registry.put_model("org/evil", "v1", [("../../x.gguf", MODELPACK + "weight.v1.raw", b"x")])
        self.bad(66, "pull", f"oci:{registry.host}/org/doc:v1", words=["no model files"])
        self.bad(64, "pull", f"oci:{registry.host}/org/tar:v1", words=["plain files"])
        self.bad(65, "pull", f"oci:{registry.host}/org/evil:v1", words=["file name"])
        self.bad(66, "pull", f"oci:{registry.host}/org/none:v1", words=["no such model or tag"])
        self.bad(64, "pull", "oci:HOST/../x", words=["oci:[HOST/]NAME"])


class Tokens(OciTest):
    """A registry that wants a token from another server, as the large ones do."""

    def setUp(self):
        super().setUp()
        test, self.asked, self.tokens = self, [], ["one", "two"]
        layers = [descriptor(self.model, MODELPACK + "weight.v1.raw", "tiny.gguf")]
        self.manifest = manifest_of(layers)

        class TokenHandler(QuietHandler):
            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                test.asked.append((query, self.headers.get("Authorization")))
                self.answer(200, json.dumps({"token": test.tokens[0]}).encode())

        self.token_server = start(TokenHandler)

        class RegistryHandler(QuietHandler):
            def do_GET(self):
                realm = f"http://127.0.0.1:{test.token_server.server_port}/token"
                if self.headers.get("Authorization") != "Bearer " + test.tokens[0]:
                    challenge = f'Bearer realm="{realm}",service="reg",scope="repository:org/tiny:pull"'
                    self.answer(401, headers=[("WWW-Authenticate", challenge)])
                elif self.path == "/v2/org/tiny/manifests/v1":
                    self.answer(200, test.manifest)
                    test.after_manifest()
                elif self.path == "/v2/org/tiny/blobs/" + sha256(test.model):
                    where = f"http://127.0.0.1:{test.storage.server_port}/blob"
                    self.answer(307, headers=[("Location", where)])
                else:
                    self.answer(404)

        class StorageHandler(QuietHandler):
            def do_GET(self):
                test.storage_saw.append(self.headers.get("Authorization"))
                self.answer(200, test.model)

        self.storage_saw = []
        self.after_manifest = lambda: None
        self.registry, self.storage = start(RegistryHandler), start(StorageHandler)
        for server in (self.registry, self.storage, self.token_server):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.host = f"localhost:{self.registry.server_port}"
        self.source = f"oci:{self.host}/org/tiny:v1"

    def test_the_token_comes_from_the_realm_and_the_storage_sees_none(self):
        self.good("pull", self.source)
        self.assertEqual(self.asked, [({"service": "reg", "scope": "repository:org/tiny:pull"}, None)])
        self.assertEqual(self.storage_saw, [None])

    def test_a_login_goes_to_the_realm(self):
        self.good("pull", self.source, environment=self.login_file(self.host, "me", "secret"))
        self.assertEqual(self.asked[0][1], "Basic " + base64.b64encode(b"me:secret").decode())

    def test_a_token_that_ran_out_is_renewed(self):
        self.after_manifest = lambda: self.tokens.__setitem__(0, "two") if len(self.asked) == 1 else None
        # The manifest is followed by its config, which is asked for with the old token as well.
        self.good("pull", self.source)
        self.assertEqual(len(self.asked), 2)


if __name__ == "__main__":
    unittest.main()
