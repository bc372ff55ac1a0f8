"""Getting models: pull, list, show, rm, cp, and run with a model that is not here yet."""
import hashlib
import json
import os
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import program
from hub_server import COMMIT, Hub, QuietHandler, Repository, start
from program import BUILTIN

GGUF = "tiny-q8_0.gguf"


def builtin_bytes():
    with open(BUILTIN, "rb") as file:
        return file.read()


class PullTest(program.CommandTest):
    """A hub, an empty home, and commands that know no other."""

    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        self.hub = Hub({})
        self.addCleanup(self.hub.stop)

    def repository(self, name="org/name", **more):
        files = {GGUF: builtin_bytes(), "README.md": b"# tiny\n", "config.json": b"{}"}
        self.hub.repositories[name] = Repository(files, large=[GGUF], **more)
        return self.hub.repositories[name]

    def path(self, *parts):
        return os.path.join(self.work.name, *parts)

    def environment(self, extra=None):
        kept = {key: "" for key in os.environ
                if key.startswith(("HF_", "HUGGING")) or key.lower().endswith("_proxy")}
        return {**kept, "HOME": self.path("home"), "XDG_CACHE_HOME": "", "XDG_DATA_HOME": "",
                "SIXFOLD_HOME": self.path("sixfold"), "HF_HOME": self.path("hf"), "HF_ENDPOINT": self.hub.url,
                "NO_PROXY": "*", **(extra or {})}

    def tearDown(self):
        self.assertEqual(self.hub.violations, [])


class HubSource(PullTest):
    def test_a_quantization_is_pulled_into_the_shared_cache_and_runs(self):
        self.repository()
        done = self.good("pull", "hf:org/name:q8_0", "--json")
        record = json.loads(done.stdout)
        digest = hashlib.sha256(builtin_bytes()).hexdigest()
        self.assertEqual(record["name"], "hf:org/name:q8_0")
        self.assertEqual(record["revision"], COMMIT)
        self.assertEqual(record["license"], "apache-2.0")
        self.assertEqual(record["files"], [{"path": GGUF, "bytes": len(builtin_bytes()), "sha256": digest}])
        repository = self.path("hf", "hub", "models--org--name")
        self.assertEqual(record["path"], f"{repository}/snapshots/{COMMIT}/{GGUF}")
        self.assertEqual(os.readlink(record["path"]), f"../../blobs/{digest}")
        with open(f"{repository}/refs/main", encoding="ascii") as file:
            self.assertEqual(file.read(), COMMIT)
        self.assertEqual(os.listdir(f"{repository}/blobs"), [digest])
        self.assertNotIn("README.md", os.listdir(f"{repository}/snapshots/{COMMIT}"))
        asked = len(self.hub.requests)
        text = self.good("run", "hf:org/name:q8_0", "The sea", "-n", "8", "--temperature", "0").stdout
        self.assertEqual(text, program.run("run", "builtin:", "The sea", "-n", "8", "--temperature", "0").stdout)
        self.assertEqual(len(self.hub.requests), asked)

    def test_run_pulls_on_first_use_and_says_so(self):
        self.repository()
        done = self.good("run", f"hf:org/name@v1/{GGUF}", "The sea", "-n", "4")
        self.assertIn(b"getting hf:org/name@v1/" + GGUF.encode(), done.stderr)
        self.assertTrue(done.stdout.startswith(b"The sea"))

    def test_a_folder_brings_config_and_weights_only(self):
        files = {"config.json": b'{"model_type": "llama"}', "tokenizer.json": b"{}", "model.safetensors": b"w" * 5000,
                 "pytorch_model.bin": b"p", "README.md": b"r", "1_Pooling/config.json": b"{}"}
        self.hub.repositories["org/folder"] = Repository(files, large=["model.safetensors"])
        record = json.loads(self.good("pull", "hf:org/folder", "--json").stdout)
        self.assertEqual(sorted(file["path"] for file in record["files"]),
                         ["1_Pooling/config.json", "config.json", "model.safetensors", "tokenizer.json"])
        for file in record["files"]:
            with open(os.path.join(record["path"], file["path"]), "rb") as content:
                self.assertEqual(content.read(), files[file["path"]])

    def test_what_other_programs_brought_is_not_asked_for_again(self):
        self.repository()
        digest = hashlib.sha256(builtin_bytes()).hexdigest()
        blobs = self.path("hf", "hub", "models--org--name", "blobs")
        os.makedirs(blobs)
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(builtin_bytes())
        self.good("pull", "hf:org/name:q8_0")
        self.assertEqual(self.hub.storage_bytes, 0)

    def test_offline_uses_the_cache_and_refuses_the_rest(self):
        self.repository()
        self.good("pull", "hf:org/name:q8_0")
        self.good("rm", "hf:org/name:q8_0")
        asked = len(self.hub.requests)
        for way in ({"HF_HUB_OFFLINE": "1"}, {"TRANSFORMERS_OFFLINE": "yes"}, {"SIXFOLD_OFFLINE": "1"}):
            self.good("run", "hf:org/name:q8_0", "x", "-n", "1", environment=way)
            self.bad(69, "pull", "hf:org/other", words=["offline"], environment=way)
        self.bad(69, "run", "--offline", "hf:org/other:q8_0", "x", words=["offline"])
        self.assertEqual(len(self.hub.requests), asked)

    def test_tokens_open_private_repositories_and_are_never_shown(self):
        self.repository(token="hf_secret")
        done = self.bad(66, "pull", "hf:org/name:q8_0", words=["a private one needs HF_TOKEN"])
        done = self.bad(66, "pull", "hf:org/name:q8_0", environment={"HF_TOKEN": "hf_wrongsecret"})
        self.assertNotIn(b"secret", done.stderr)
        done = self.good("pull", "hf:org/name:q8_0", "--log-level", "trace", environment={"HF_TOKEN": "hf_secret"})
        self.assertNotIn(b"secret", done.stderr + done.stdout)
        self.good("rm", "hf:org/name:q8_0")
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write(" hf_secret\n")
        self.good("pull", "hf:org/name:q8_0", environment={"HF_TOKEN_PATH": self.path("token")})

    def test_gated_repositories_and_unknown_things_are_explained(self):
        self.repository(gated=True)
        self.bad(77, "pull", "hf:org/name:q8_0", words=["accept terms at", "/org/name"])
        self.bad(66, "pull", "hf:org/nothing", words=["no such repository"])
        self.repository("org/open")
        self.bad(66, "pull", "hf:org/open@v9:q8_0", words=['no revision "v9"'])
        self.bad(66, "pull", "hf:org/open:q2_k", words=[GGUF])
        self.bad(64, "pull", "hf:org", words=["ORG/NAME"])
        self.bad(64, "pull", "s9:x/y", words=["https://HOST/FILE"])

    def test_a_cut_download_and_a_busy_hub_end_well(self):
        self.repository()
        self.hub.busy_answers, self.hub.cuts = 2, 2
        self.good("pull", "hf:org/name:q8_0")
        self.assertEqual(self.hub.storage_bytes, len(builtin_bytes()))

    def test_ctrl_c_keeps_what_is_there_for_the_next_time(self):
        self.repository()
        self.hub.gate = threading.Event()
        process = subprocess.Popen([program.PROGRAM, "pull", "hf:org/name:q8_0"], stderr=subprocess.PIPE,
                                   env=program.clean_environment(self.environment()))
        self.assertTrue(self.hub.half_sent.wait(60))
        blobs = self.path("hf", "hub", "models--org--name", "blobs")
        while not any(name.endswith(".incomplete") for name in os.listdir(blobs)):
            pass
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
        self.hub.gate.set()
        self.hub.gate = None
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn(b"goes on where this one stopped", message)
        self.assertFalse(os.path.exists(self.path("hf", "hub", "models--org--name", "snapshots")))
        self.good("pull", "hf:org/name:q8_0")
        self.assertEqual([name for name in os.listdir(blobs) if "incomplete" in name], [])

    def test_a_wrong_hash_leaves_no_model(self):
        self.repository().wrong_hash.add(GGUF)
        self.bad(65, "pull", "hf:org/name:q8_0", words=["SHA-256: want 0000"])
        self.assertEqual(self.good("list", "--json").stdout, b"[]\n")
        self.assertEqual(os.listdir(self.path("hf", "hub", "models--org--name", "blobs")), [])

    def test_two_at_once_download_once(self):
        self.repository()
        self.pull_twice_at_once("hf:org/name:q8_0", self.hub)
        self.assertEqual(self.hub.storage_bytes, len(builtin_bytes()))

    def test_names_that_leave_the_folder_are_refused(self):
        for name in ("../../../evil.gguf", "/etc/evil.gguf", "a/../../evil.gguf", "a\\b.gguf", "C:evil.gguf"):
            repository = Repository({}, large=[])
            repository.more_siblings = [{"rfilename": name, "size": 1, "blobId": "a" * 40,
                                         "lfs": {"sha256": "b" * 64, "size": 1}}]
            self.hub.repositories["org/evil"] = repository
            self.bad(65, "pull", "hf:org/evil", words=["file name"])
        for lfs in ("../" + "b" * 61, "B" * 64, 5, ""):
            repository.more_siblings = [{"rfilename": "x.gguf", "size": 1, "blobId": "../x", "lfs": {"sha256": lfs}}]
            self.bad(65, "pull", "hf:org/evil")
        self.assertFalse(os.path.exists(self.path("hf", "hub", "models--org--evil", "blobs")))

    def test_listings_that_are_huge_or_no_json_are_refused(self):
        self.repository()
        for listing, code in ((b"[" * 100000, 65), (b'{"sha":', 65), (b"[]", 65), (b'{"sha":"../x"}', 65),
                              (b" " * (33 << 20), 75)):
            self.hub.listing = listing
            self.bad(code, "pull", "hf:org/name:q8_0")

    def test_a_full_disk_is_named(self):
        self.repository()
        done = self.run_on_full_disk("pull", "hf:org/name:q8_0")
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(b"incomplete", done.stderr)

    def test_an_unreachable_hub_falls_back_to_the_cache(self):
        self.repository()
        self.good("pull", "hf:org/name:q8_0")
        gone = {"HF_ENDPOINT": "http://127.0.0.1:1"}
        self.bad(69, "pull", "hf:org/other", environment=gone)
        done = self.good("pull", "hf:org/name:q8_0", environment=gone)
        self.assertIn(b"using what the cache has", done.stderr)


class Names(PullTest):
    def pull_file(self, name):
        return self.good("pull", "file:" + BUILTIN, "--name", name)

    def test_list_show_cp_rm(self):
        self.assertIn(b"no models yet", self.good("list").stderr)
        self.pull_file("one")
        self.good("cp", "one", "two")
        table = self.good("list").stdout.decode()
        self.assertRegex(table, r"NAME +SIZE +LICENCE +PULLED +SOURCE\n")
        self.assertEqual([line.split()[0] for line in table.splitlines()], ["NAME", "one", "two"])
        names = [record["name"] for record in json.loads(self.good("list", "--json").stdout)]
        self.assertEqual(names, ["one", "two"])
        shown = self.good("show", "two").stdout.decode()
        self.assertIn("architecture  llama", shown)
        self.assertIn(hashlib.sha256(builtin_bytes()).hexdigest(), shown)
        self.assertIn(b"removed, 0 B freed", self.good("rm", "one").stdout)
        self.good("run", "two", "The sea", "-n", "2")
        self.good("rm", "two")
        self.bad(66, "show", "two", words=["sixfold list"])
        self.bad(66, "rm", "two")
        self.bad(66, "cp", "two", "three")
        self.assertEqual(os.listdir(self.path("sixfold", "models", "blobs")), [])
        self.assertEqual(os.listdir(self.path("sixfold", "models", "snapshots")), [])

    def test_old_partial_downloads_go_with_the_next_pull_or_on_request(self):
        partial = self.path("sixfold", "models", "partial", "0" * 64)
        os.makedirs(os.path.dirname(partial))
        for age, way in ((1e6, ("rm", "--partial")), (1e6, ("pull", "file:" + BUILTIN)), (15 * 86400, None)):
            with open(partial, "wb") as file:
                file.write(b"x" * 1000)
            os.utime(partial, (time.time() - age, time.time() - age))
            if way and way[0] == "rm":
                self.assertIn(b"1 kB freed", self.good(*way).stdout)
                self.assertFalse(os.path.exists(partial))
            elif way:
                self.good(*way)
                self.assertTrue(os.path.exists(partial))
            else:
                self.assertIn(b"removed 1000 bytes", self.good("pull", "file:" + BUILTIN).stderr)
                self.assertFalse(os.path.exists(partial))
        self.bad(64, "rm", words=["--partial"])

    def test_a_name_runs_serves_and_tokenizes(self):
        self.pull_file("tiny")
        self.good("run", "tiny", "hello", "-n", "2")
        self.good("tokenize", "tiny", text_in=b"hello")
        self.good("bench", "tiny", "-p", "4", "-n", "2", "-r", "1", "--read-mib", "16")
        with program.Server("tiny", environment=self.environment()) as server:
            self.assertIn(" serves tiny ", "".join(server.log))

    def test_mistyped_names_get_a_suggestion(self):
        self.pull_file("storyteller")
        self.bad(66, "bench", "storytelle", words=['did you mean "storyteller"?'])
        self.bad(66, "bench", "qwen3-0.6", words=['did you mean "qwen3-0.6b"?'])

    def test_the_catalogue_has_licences_and_sizes(self):
        rows = json.loads(self.good("list", "--catalog", "--json").stdout)
        self.assertGreater(len(rows), 5)
        for row in rows:
            self.assertEqual(set(row), {"name", "source", "license", "bytes_about", "good_for"})
        self.assertIn(b"qwen3-0.6b", self.good("list", "--catalog").stdout)

    def test_a_catalogue_name_is_pulled_from_its_source(self):
        self.hub.repositories["Qwen/Qwen3-0.6B-GGUF"] = Repository({"Qwen3-0.6B-Q8_0.gguf": builtin_bytes()},
                                                                   large=["Qwen3-0.6B-Q8_0.gguf"])
        self.good("run", "qwen3-0.6b", "The sea", "-n", "2")
        record = json.loads(self.good("show", "qwen3-0.6b", "--json").stdout)
        self.assertEqual(record["source"], "hf:Qwen/Qwen3-0.6B-GGUF:Q8_0")

    def test_help_has_examples(self):
        for verb in ("pull", "list", "show", "rm", "cp"):
            self.assertIn(b"Example", self.good(verb, "--help").stdout)


class Tls(PullTest):
    def setUp(self):
        super().setUp()
        key, certificate = self.path("key.pem"), self.path("cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                        certificate], check=True, capture_output=True)

        class Handler(QuietHandler):
            def do_GET(self):
                if self.path == "/down":
                    self.answer(302, headers=[("Location", "http://localhost:1/x.gguf")])
                else:
                    self.answer(200, builtin_bytes())

        self.server = start(Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = "https://localhost:%d" % self.server.server_port
        self.trusted = {"SSL_CERT_FILE": certificate}

    def test_only_a_trusted_certificate_is_accepted(self):
        self.bad(77, "pull", self.url + "/x.gguf", words=["certificate is not trusted"])
        self.good("pull", self.url + "/x.gguf", environment=self.trusted)
        self.bad(77, "pull", self.url.replace("localhost", "127.0.0.1") + "/x.gguf", environment=self.trusted)

    def test_a_redirect_to_plain_http_is_not_followed(self):
        self.bad(77, "pull", self.url + "/down", words=["from https to http"], environment=self.trusted)


if __name__ == "__main__":
    unittest.main()
