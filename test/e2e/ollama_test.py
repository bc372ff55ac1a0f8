"""Models of ollama's registry: Debian's docker-registry, which speaks its protocol, one with faults, and the store of an
ollama on this machine."""
import json
import os
import shutil
import unittest

from hub_server import Faults, QuietHandler, start
from oci_test import OciTest, Registry, descriptor, sha256

IMAGE = "application/vnd.ollama.image."
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = json.dumps({"model_format": "gguf", "model_family": "llama", "architecture": "amd64", "os": "linux"}).encode()
LICENSE = b"\n  Apache License  \nVersion 2.0\n"
PARAMS = json.dumps({"temperature": 0, "stop": ["<|im_end|>"], "num_ctx": 4096}).encode()


def manifest_of(layers):
    """layers: [(kind, bytes)]."""
    config = descriptor(CONFIG, "application/vnd.docker.container.image.v1+json")
    return json.dumps({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config,
                       "layers": [descriptor(data, IMAGE + kind) for kind, data in layers]}).encode()


class OllamaTest(OciTest):
    def environment(self, extra=None):
        return super().environment({"OLLAMA_MODELS": self.path("ollama"), **(extra or {})})

    def path(self, *parts):
        return os.path.join(self.work.name, *parts)

    def put_local(self, name, layers, whole=True):
        """As ollama keeps a model; `whole`: with all of its layers."""
        manifest = self.path("ollama", "manifests", name)
        os.makedirs(os.path.dirname(manifest), exist_ok=True)
        os.makedirs(self.path("ollama", "blobs"), exist_ok=True)
        with open(manifest, "wb") as file:
            file.write(manifest_of(layers))
        for _, data in layers if whole else layers[:1]:
            with open(self.path("ollama", "blobs", sha256(data).replace(":", "-")), "wb") as file:
                file.write(data)

    def all_files(self, folder):
        return sorted((path, file, os.stat(os.path.join(path, file)).st_mtime_ns)
                      for path, _, files in os.walk(self.path(folder)) for file in files)


@unittest.skipUnless(shutil.which("docker-registry"), "docker-registry is not installed")
class RealRegistry(OllamaTest):
    def setUp(self):
        super().setUp()
        self.registry = Registry(self.work.name)
        self.addCleanup(self.registry.stop)

    def put(self, name, tag, layers):
        for data in [CONFIG] + [data for _, data in layers]:
            self.registry.put_blob(name, data)
        done = self.registry.ask("PUT", f"/v2/{name}/manifests/{tag}", manifest_of(layers), DOCKER_MANIFEST)
        self.assertEqual(done.status, 201)
        return f"ollama:{self.registry.host}/{name}:{tag}"

    def test_a_model_is_pulled_with_what_belongs_to_it(self):
        source = self.put("me/tiny", "1b", [("license", LICENSE), ("model", self.model), ("params", PARAMS),
                                            ("system", b"Be brief."), ("license", b"Use policy"),
                                            ("template", b"{{ .Prompt }}"), ("projector", b"eyes")])
        done = self.good("pull", source, "--json")
        record = json.loads(done.stdout)
        self.assertEqual(record["license"], "Apache License")
        self.assertEqual({file["path"]: file["bytes"] for file in record["files"]},
                         {"model.gguf": len(self.model), "LICENSE": len(LICENSE), "LICENSE-2": 10,
                          "params.json": len(PARAMS), "system.txt": 9, "template.txt": 13})
        self.assertTrue(record["path"].endswith("/model.gguf"))
        self.assertIn(b"template.txt", done.stderr)
        self.assertIn(b"image.projector\" is left out", done.stderr)
        shown = self.good("show", source).stdout.decode()
        self.assertIn("licence       Apache License\n", shown)
        self.assertIn("architecture  llama\n", shown)
        texts = self.good("show", source, "--license").stdout
        self.assertIn(LICENSE, texts)
        self.assertIn(b"Use policy", texts)

    def test_its_parameters_hold_where_the_command_line_says_nothing(self):
        greedy = self.good("run", "builtin:", "The", "-n", "12", "--temperature", "0").stdout.decode()
        stop = " " + greedy.split(" ")[3]
        params = json.dumps({"temperature": 0, "stop": [stop], "num_ctx": 4096}).encode()
        source = self.put("me/tiny", "1b", [("model", self.model), ("params", params)])
        stopped = self.good("run", source, "The", "-n", "12").stdout
        self.assertEqual(stopped.decode().rstrip("\n"), greedy[:greedy.index(stop)].rstrip("\n"))
        warm = ["-n", "12", "--temperature", "5", "--seed", "7"]
        self.assertNotEqual(self.good("run", source, "The", *warm).stdout, stopped)
        broken = self.put("me/broken", "1b", [("model", self.model), ("params", b'{"top_k": -1}')])
        self.bad(65, "run", broken, "x", words=["params.json: top_k: want an integer from 0"])

    def test_an_adapter_is_kept_and_said_not_to_be_applied(self):
        source = self.put("me/tuned", "v1", [("model", self.model), ("adapter", b"GGUF adapter")])
        done = self.good("run", source, "The sea", "-n", "2")
        self.assertIn(b"LoRA adapter is kept as adapter.gguf, and not applied", done.stderr)
        self.assertTrue(done.stdout.startswith(b"The sea"))

    def test_only_what_a_local_ollama_lacks_is_downloaded(self):
        layers = [("model", self.model), ("license", LICENSE)]
        source = self.put("me/tiny", "1b", layers)
        self.put_local(f"{self.registry.host}/me/tiny/1b", layers, whole=False)
        record = json.loads(self.good("pull", source, "--json").stdout)
        self.assertTrue(os.path.realpath(record["path"]).startswith(os.path.realpath(self.path("ollama", "blobs"))))
        self.assertEqual(os.listdir(self.path("sixfold", "models", "blobs")), [sha256(LICENSE).replace(":", "-")])

    def test_what_is_no_model_is_explained(self):
        for layers, code, words in (([("license", LICENSE)], 66, "no layer with a model"),
                                    ([("tensor", b"x")], 64, "want a GGUF file"),
                                    ([("model", b"a"), ("model", b"b")], 64, "one layer with a model, got 2")):
            self.bad(code, "pull", self.put("me/odd", "v1", layers), words=[words])
        self.bad(66, "pull", f"ollama:{self.registry.host}/me/none:v1", words=["no such model or tag"])
        for name in ("", "a b", "../x", "a/b/c/d", "a:b:c", "a?x", "user@host/a/b", f"{self.registry.host}/x"):
            self.bad(64, "pull", "ollama:" + name, words=["ollama:[HOST/][SPACE/]MODEL[:TAG]"])


class LocalOllama(OllamaTest):
    def test_its_models_are_used_in_place_and_never_changed(self):
        self.put_local("registry.ollama.ai/library/tiny/latest", [("model", self.model), ("license", LICENSE)])
        before = self.all_files("ollama")
        done = self.good("run", "--offline", "ollama:tiny", "The sea", "-n", "2")
        self.assertTrue(done.stdout.startswith(b"The sea"))
        self.assertIn(b"ollama:tiny:latest", self.good("list").stdout)
        self.assertEqual(os.listdir(self.path("sixfold", "models")).count("blobs"), 0)
        self.good("rm", "ollama:tiny:latest")
        self.assertEqual(self.all_files("ollama"), before)

    def test_a_model_that_ollama_removed_is_gone(self):
        self.put_local("registry.ollama.ai/library/tiny/latest", [("model", self.model)])
        self.good("pull", "ollama:tiny")
        shutil.rmtree(self.path("ollama"))
        self.bad(69, "run", "--offline", "ollama:tiny", "x", words=["--offline"])

    def test_a_cut_or_broken_model_is_not_used(self):
        self.put_local("registry.ollama.ai/library/tiny/latest", [("model", self.model)])
        blob = self.path("ollama", "blobs", sha256(self.model).replace(":", "-"))
        os.truncate(blob, len(self.model) // 2)
        self.bad(69, "pull", "--offline", "ollama:tiny")
        with open(self.path("ollama", "manifests", "registry.ollama.ai/library/tiny/latest"), "wb") as file:
            file.write(b'{"layers": [{"mediaType": "' + IMAGE.encode() + b'model", "digest": "sha256:../x"}]}')
        self.bad(69, "pull", "--offline", "ollama:tiny", words=["digest: want sha256"])


class FaultyRegistry(OllamaTest):
    """Redirects to a storage on another host, as ollama's registry does."""

    def setUp(self):
        super().setUp()
        self.layers = [("model", self.model), ("license", LICENSE)]
        self.blobs = {sha256(data): data for _, data in self.layers}
        self.faults = Faults()
        self.login = None
        test = self

        class RegistryHandler(QuietHandler):
            def do_GET(self):
                test.faults.requests.append(self.path)
                if test.faults.is_busy(self):
                    return
                if test.login and self.headers.get("Authorization") != test.login:
                    self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="here"')])
                elif self.path == "/v2/me/tiny/manifests/1b":
                    test.faults.check(DOCKER_MANIFEST in self.headers.get("Accept", ""), "Accept")
                    self.answer(200, manifest_of(test.layers))
                elif self.path.removeprefix("/v2/me/tiny/blobs/") in test.blobs:
                    where = f"http://localhost:{test.storage.server_port}/{self.path.rsplit('/', 1)[1]}?signed=yes"
                    self.answer(307, headers=[("Location", where)])
                else:
                    test.faults.check(False, "path " + self.path)
                    self.answer(404)

        class StorageHandler(QuietHandler):
            def do_GET(self):
                test.faults.check(self.headers.get("Authorization") is None, "credentials at the storage")
                test.faults.check(self.path.endswith("?signed=yes"), "the signed address was changed")
                digest = self.path[1:].split("?")[0]
                if self.headers.get("Range"):
                    test.faults.send_part(self, test.blobs[digest], digest, is_storage=digest == sha256(test.model))
                else:
                    self.answer(200, test.blobs[digest])

        self.server, self.storage = start(RegistryHandler), start(StorageHandler)
        for server in (self.server, self.storage):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.source = f"ollama:{self.host}/me/tiny:1b"

    def tearDown(self):
        self.assertEqual(self.faults.violations, [])

    def test_a_cut_answer_goes_on_where_it_stopped(self):
        self.faults.cuts = 2
        self.good("pull", self.source)
        self.assertEqual(self.faults.storage_bytes, len(self.model))

    def test_a_busy_registry_is_asked_again(self):
        self.faults.busy_answers = 2
        self.good("pull", self.source)

    def test_a_wrong_digest_leaves_no_model(self):
        digest = sha256(self.model)
        self.blobs[digest] = self.model[:-1] + bytes([self.model[-1] ^ 1])
        self.bad(65, "pull", self.source, words=["SHA-256: want " + digest.split(":")[1]])
        self.assertEqual(self.good("list", "--json").stdout, b"[]\n")
        self.assertNotIn(digest.replace(":", "-"), os.listdir(self.path("sixfold", "models", "blobs"))
                         if os.path.exists(self.path("sixfold", "models", "blobs")) else [])

    def test_a_refusal_is_explained_and_a_login_stays_with_the_registry(self):
        self.login = "Basic bWU6c2VjcmV0"
        self.bad(77, "pull", self.source, words=["401"])
        done = self.good("pull", self.source, environment=self.login_file(self.host, "me", "secret"))
        self.assertNotIn(b"secret", done.stderr + done.stdout)

    def test_a_full_disk_is_named(self):
        done = self.run_on_full_disk("pull", self.source)
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(b"partial/", done.stderr)

    def test_two_at_once_download_once(self):
        self.pull_twice_at_once(self.source, self.faults)
        self.assertEqual(self.faults.storage_bytes, len(self.model))


if __name__ == "__main__":
    unittest.main()
