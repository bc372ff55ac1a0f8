"""sixfold deploy container: from sixfold.yaml to an image that real tools load, run, copy and push."""
import glob
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
import unittest
import urllib.request

import podman_engine
import program
from oci_registry import MODELPACK, Registry, free_port, login_file
from program import BUILTIN

try:
    from token_server import TokenServer
except ImportError:  # it needs python3-jwt and python3-cryptography
    TokenServer = None

MIB = 1 << 20
INDEX = "application/vnd.oci.image.index.v1+json"
SIZE_MAX = 20_000_000  # of an image without a model, compressed


def have(*tools):
    return all(shutil.which(tool) for tool in tools)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class ContainerTest(program.HomeTest):
    """Commands in a folder that holds sixfold.yaml."""

    def environment(self, extra=None):
        return super().environment({"XDG_RUNTIME_DIR": "", "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "", **(extra or {})})

    def manifest(self, container, source=None, name="bot"):
        source = "" if source is None else f"model: {{source: '{source}'}}\n"
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            file.write(f"apiVersion: sixfold/v1\nname: {name}\n{source}targets:\n  container: {container}\n")

    def command(self, verb, *arguments):
        return (verb, "container", "-f", self.path("sixfold.yaml"), *arguments)

    def deploy(self, *arguments, **more):
        return self.good(*self.command("deploy"), "--yes", *arguments, **more)

    def layout(self, path=None):
        """The blobs of an archive by digest, and its lists."""
        files = {}
        with tarfile.open(path or self.path("bot.tar")) as archive:
            for member in archive:
                if member.isfile():
                    files[member.name] = archive.extractfile(member).read()
        blobs = {"sha256:" + name.split("/")[-1]: data for name, data in files.items() if name.startswith("blobs/")}
        for digest, data in blobs.items():
            self.assertEqual(digest, sha256(data))
        return files, blobs

    def image(self, path=None):
        """(index, [(manifest, config)]) of the one image in an archive."""
        files, blobs = self.layout(path)
        top = json.loads(files["index.json"])["manifests"]
        self.assertEqual(len(top), 1)
        index = json.loads(blobs[top[0]["digest"]])
        pairs = []
        for row in index["manifests"]:
            manifest = json.loads(blobs[row["digest"]])
            pairs.append((manifest, json.loads(blobs[manifest["config"]["digest"]])))
        return index, pairs


class Archive(ContainerTest):
    def test_the_smallest_manifest_gives_an_image_with_the_builtin_model(self):
        self.manifest("{}")
        self.deploy()
        index, [(manifest, config)] = self.image()
        self.assertEqual(len(manifest["layers"]), 1)
        self.assertEqual(config["config"]["User"], "65532:65532")
        self.assertEqual(config["config"]["Entrypoint"], ["/usr/bin/sixfold"])
        self.assertEqual(config["config"]["Cmd"][:2], ["serve", "builtin:"])
        self.assertEqual(config["config"]["StopSignal"], "SIGTERM")
        self.assertEqual(index["manifests"][0]["platform"]["os"], "linux")

    def test_an_image_without_a_model_has_less_than_20_megabytes(self):
        self.manifest("{model: pulled}", "https://models.example/model.gguf")
        self.deploy()
        _, blobs = self.layout()
        _, [(manifest, _)] = self.image()
        self.assertEqual(len(manifest["layers"]), 1)
        size = manifest["layers"][0]["size"]
        print(f"the image without a model: {size} bytes", flush=True)
        self.assertLess(size, SIZE_MAX)
        with tarfile.open(fileobj=io.BytesIO(blobs[manifest["layers"][0]["digest"]])) as tar:
            tar.extract("usr/bin/sixfold", self.path())
        answer = subprocess.run([self.path("usr/bin/sixfold"), "run", "builtin:", "Once"], env=self.environment(),
                                capture_output=True, text=True, check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("this program comes without the built-in model", answer.stderr)

    def test_layers_hold_what_they_should_and_nothing_depends_on_time(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.manifest("{labels: {team: speech}, env: {SIXFOLD_LOG_JSON: '1'}}", "model.gguf")
        self.deploy()
        first = read(self.path("bot.tar"))
        files, blobs = self.layout()
        _, [(manifest, config)] = self.image()
        names = {}
        for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"]):
            data = blobs[layer["digest"]]
            with open(self.path("layer.tar"), "wb") as file:
                file.write(data)
            kind = "gz" if layer["mediaType"].endswith("+gzip") else ""
            with tarfile.open(self.path("layer.tar"), "r:" + kind) as tar:
                members = tar.getmembers()
                for member in members:
                    names[member.name] = member
                    self.assertEqual((member.mtime, member.uname), (0, ""))
                self.assertEqual([m.name for m in members], sorted(m.name for m in members))
                if "models/model.gguf" in [m.name for m in members]:
                    self.assertEqual(tar.extractfile("models/model.gguf").read(), read(BUILTIN))
            if kind == "":
                self.assertEqual(layer["digest"], diff_id)
        for name in ("usr/bin/sixfold", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "models/model.gguf"):
            self.assertTrue(names[name].isfile(), name)
        self.assertEqual(names["tmp"].mode, 0o1777)
        self.assertEqual(names["models"].uid, 65532)
        self.assertTrue([name for name in names if "/libc.so" in name])
        self.assertEqual(config["config"]["Labels"]["team"], "speech")
        self.assertIn("SIXFOLD_LOG_JSON=1", config["config"]["Env"])
        self.assertEqual(config["config"]["Cmd"][:2], ["serve", "/models/model.gguf"])
        # Made again from nothing, in another minute and another folder.
        shutil.rmtree(self.path(".sixfold"))
        os.utime(self.path("model.gguf"), (1e9, 1e9))
        self.deploy()
        self.assertEqual(read(self.path("bot.tar")), first)

    def test_a_list_of_contents_and_how_it_was_made_are_attached(self):
        self.manifest("{}")
        self.deploy()
        files, blobs = self.layout()
        index, _ = self.image()
        kinds = {}
        for row in json.loads(files["referrers.json"])["manifests"]:
            manifest = json.loads(blobs[row["digest"]])
            self.assertEqual(manifest["subject"]["digest"], index["manifests"][0]["digest"])
            kinds[manifest["artifactType"]] = json.loads(blobs[manifest["layers"][0]["digest"]])
        spdx = kinds["application/spdx+json"]
        self.assertEqual(spdx["spdxVersion"], "SPDX-2.3")
        packages = {package["name"]: package for package in spdx["packages"]}
        self.assertIn("usr/bin/sixfold", packages)
        if os.path.exists("/var/lib/dpkg/status"):
            version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "libc6"], capture_output=True, check=True)
            self.assertEqual(packages["libc6"]["versionInfo"], version.stdout.decode())
        statement = kinds["application/vnd.in-toto+json"]
        self.assertEqual(statement["predicateType"], "https://slsa.dev/provenance/v1")
        self.assertEqual("sha256:" + statement["subject"][0]["digest"]["sha256"], index["manifests"][0]["digest"])
        self.assertTrue(glob.glob(self.path(".sixfold/bot/container/work/image/sbom-linux-*.spdx.json")))

    def test_deploying_again_does_nothing_and_earlier_images_come_back(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.manifest("{}", "model.gguf")
        self.deploy()
        first = read(self.path("bot.tar"))
        self.assertIn("what the manifest says", self.deploy().stdout.decode())
        program.builtin_with(self.path("model.gguf"), {"test.version": 2})
        plan = self.good(*self.command("plan")).stdout.decode()
        self.assertIn("image.json", plan)
        self.deploy()
        self.assertNotEqual(read(self.path("bot.tar")), first)
        # The files that the first image was made of are not here any more; the image is.
        self.good(*self.command("rollback"), "--yes")
        self.assertEqual(read(self.path("bot.tar")), first)
        self.assertIn("complete", self.good(*self.command("status")).stdout.decode())
        self.good(*self.command("undeploy"), "--yes")
        self.assertFalse(os.path.exists(self.path("bot.tar")))
        self.assertFalse(os.path.exists(self.path(".sixfold/bot/container/work/image")))

    def test_a_cut_is_gone_on_with(self):
        self.manifest("{}")
        process = self.start_program(*self.command("deploy"), "--yes")
        for line in process.stderr:
            if line.startswith(b"  build:"):  # the step begins; the plan has a line with its number
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assertFalse(os.path.exists(self.path("bot.tar")))
        self.assertIn("partial", self.good(*self.command("status")).stdout.decode())
        self.deploy()
        self.assertTrue(os.path.exists(self.path("bot.tar")))
        self.assertFalse(glob.glob(self.path(".sixfold/bot/container/work/image/blobs/sha256/unfinished*")))

    def test_a_full_disk_is_said_and_leaves_no_archive(self):
        self.manifest("{}")
        done = self.run_on_full_disk(*self.command("deploy"), "--yes")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("too large", done.stderr.decode().lower())
        self.assertFalse(os.path.exists(self.path("bot.tar")))
        self.deploy()

    def test_two_at_once_are_refused(self):
        self.manifest("{}")
        first = self.start_program(*self.command("deploy"), "--yes")
        for line in first.stderr:
            if line.startswith(b"  build:"):  # the step begins; the plan has a line with its number
                break
        self.bad(69, *self.command("deploy"), "--yes", words=["another sixfold is deploying"])
        first.communicate(timeout=120)
        self.assertEqual(first.returncode, 0)

    def test_wrong_sections_are_refused_where_they_stand(self):
        other = "linux/arm64" if os.uname().machine == "x86_64" else "linux/amd64"
        for section, source, words in [
            ("{imag: x}", None, ["sixfold.yaml:4: unknown key \"imag\"", "did you mean \"image\""]),
            ("{image: 'Not An Image'}", None, ["sixfold.yaml:4:", "want an image with a tag"]),
            ("{image: 'localhost/bot:1', push: true}", None, ["names no registry to push to"]),
            (f"{{platforms: [{other}]}}", None, [other, "binaries"]),
            ("{platforms: [linux/mips]}", None, ["want linux/amd64 or linux/arm64"]),
            ("{platforms: []}", None, ["at least one"]),
            (f"{{binaries: {{{other}: x}}}}", None, ["is not among the platforms"]),
            ("{model: pulled}", "model.gguf", ["lies on this machine"]),
            ("{model: floating}", None, ["one of included, pulled"]),
            ("{archive: bot}", None, ["ends with .tar"]),
            ("{push: maybe}", None, ["true or false"]),
            ("{env: {'A B': x}}", None, ["names of environment variables"]),
            ("{contents: model}", None, ["wants a model to include", "builtin:"]),
            ("{contents: model, env: {A: x}}", "model.gguf", ["runs nothing"]),
            (f"{{contents: model, binaries: {{{other}: x}}}}", "model.gguf", ["has no program"]),
        ]:
            with self.subTest(section):
                self.manifest(section, source)
                self.bad(65, *self.command("plan"), words=words)
        with open(BUILTIN, "rb") as file:
            good = hashlib.sha256(file.read()).hexdigest()
        bad = "0" * 64
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            file.write(f"apiVersion: sixfold/v1\nname: bot\nmodel: {{source: '{BUILTIN}', sha256: '{bad}'}}\n"
                       "targets: {container: {}}\n")
        self.bad(65, *self.command("plan"), words=[f"model.sha256 says {bad}, it is {good}"])
        self.bad(65, "serve", "--config", self.path("sixfold.yaml"), "--port", "0", words=[bad, f"it is {good}"])
        self.manifest("{}", "none.gguf")
        self.bad(66, *self.command("plan"), words=["none.gguf"])
        self.assertFalse(os.path.exists(self.path("bot.tar")))


@unittest.skipUnless(have("aarch64-linux-gnu-gcc") and os.uname().machine == "x86_64", "no cross compiler")
class OtherArchitecture(ContainerTest):
    def test_one_index_for_two_architectures_which_share_the_model(self):
        with open(self.path("main.c"), "w", encoding="ascii") as file:
            file.write("#include <math.h>\n#include <stdio.h>\nint main(int c, char** v) {"
                       " printf(\"%f %s\\n\", sin(c), v[0]); return 0; }\n")
        subprocess.run(["aarch64-linux-gnu-gcc", "-O1", "-o", self.path("arm"), self.path("main.c"), "-lm"], check=True)
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.manifest("{platforms: [linux/amd64, linux/arm64], binaries: {linux/arm64: arm}}", "model.gguf")
        self.deploy()
        index, pairs = self.image()
        self.assertEqual([row["platform"]["architecture"] for row in index["manifests"]], ["amd64", "arm64"])
        self.assertEqual([config["architecture"] for _, config in pairs], ["amd64", "arm64"])
        (amd, _), (arm, _) = pairs
        self.assertEqual(amd["layers"][1], arm["layers"][1])
        self.assertNotEqual(amd["layers"][0], arm["layers"][0])
        _, blobs = self.layout()
        with open(self.path("root.tar"), "wb") as file:
            file.write(blobs[arm["layers"][0]["digest"]])
        subprocess.run(["tar", "xzf", self.path("root.tar"), "-C", self.path()], check=True)
        if have("qemu-aarch64-static"):
            # The program without its symbols runs, and finds its libraries, in that folder alone.
            done = subprocess.run(["qemu-aarch64-static", "-L", self.path(), self.path("usr/bin/sixfold")],
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout[:8]), (0, b"0.841471"), done.stderr)

    def test_a_program_for_another_machine_than_it_is_said_to_be_is_refused(self):
        self.manifest("{platforms: [linux/arm64], binaries: {linux/arm64: /bin/true}}")
        self.bad(64, *self.command("deploy"), "--yes", words=["/bin/true", "for arm64", "for amd64"])
        self.manifest("{platforms: [linux/arm64], binaries: {linux/arm64: sixfold.yaml}}")
        self.bad(64, *self.command("deploy"), "--yes", words=["sixfold.yaml", "want a program"])


@unittest.skipUnless(have("docker-registry", "htpasswd"), "no registry")
class Push(ContainerTest):
    def setUp(self):
        super().setUp()
        self.registry = Registry(self.path(), login=("anna", "secret"))
        self.addCleanup(self.registry.stop)
        self.auth = login_file(self.path(), self.registry.host, "anna", "secret")
        self.manifest(f"{{image: '{self.registry.host}/team/bot:1.0', archive: bot.tar}}")

    def test_what_is_pushed_is_there_and_is_not_sent_again(self):
        done = self.deploy(environment=self.auth)
        index, _ = self.image()
        self.assertIn("bytes sent", done.stderr.decode())
        got = self.registry.ask("HEAD", "/v2/team/bot/manifests/1.0", accept=INDEX)
        files, _ = self.layout()
        digest = json.loads(files["index.json"])["manifests"][0]["digest"]
        self.assertEqual((got.status, got.headers["Docker-Content-Digest"]), (200, digest))
        # A registry that lists no referrers has them under a name made of the digest.
        subject = index["manifests"][0]["digest"].replace(":", "-")
        self.assertEqual(self.registry.ask("HEAD", f"/v2/team/bot/manifests/{subject}", accept=INDEX).status, 200)
        again = self.deploy("--always", environment=self.auth).stderr.decode()
        self.assertIn(": 0 of ", again)
        self.assertIn(digest, self.good(*self.command("status"), environment=self.auth).stdout.decode())
        if have("skopeo"):
            self.assert_skopeo_copies(digest)
        gone = self.good(*self.command("undeploy"), "--yes", environment=self.auth)
        left = self.registry.ask("HEAD", "/v2/team/bot/manifests/1.0", accept=INDEX).status
        self.assertEqual("the registry keeps it" in gone.stderr.decode(), left == 200)
        self.assertFalse(os.path.exists(self.path("bot.tar")))

    def assert_skopeo_copies(self, digest):
        creds = ["--src-creds", "anna:secret", "--src-tls-verify=false"]
        subprocess.run(["skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", *creds,
                        f"docker://{self.registry.host}/team/bot:1.0", f"dir:{self.path('copy')}"],
                       check=True, capture_output=True)
        self.assertEqual(sha256(read(self.path("copy/manifest.json"))), digest)

    def test_wrong_credentials_and_no_registry_are_said(self):
        self.bad(77, *self.command("deploy"), "--yes", words=["push", self.registry.host, "done before: build, archive"],
                 environment=login_file(self.path(), self.registry.host, "anna", "wrong"))
        self.bad(77, *self.command("deploy"), "--yes", words=[self.registry.host])
        self.manifest(f"{{image: 'localhost:{free_port()}/team/bot:1.0'}}")
        self.bad(69, *self.command("deploy"), "--yes", words=["push", "localhost:"], timeout=300)
        self.assertIn("container: partly deployed", self.run_program(*self.command("status")).stdout.decode())

    def test_a_registry_that_is_gone_holds_nobody_up(self):
        self.deploy(environment=self.auth)
        self.registry.stop()
        self.bad(69, *self.command("undeploy"), "--yes", words=["taking back push", "--force"], environment=self.auth,
                 timeout=300)
        self.assertTrue(os.path.exists(self.path("bot.tar")))
        gone = self.good(*self.command("undeploy"), "--yes", "--force", environment=self.auth, timeout=300)
        self.assertIn("push: left as it is", gone.stderr.decode())
        self.assertFalse(os.path.exists(self.path("bot.tar")))
        self.assertIn("container: not deployed", self.good(*self.command("status")).stdout.decode())


@unittest.skipUnless(have("docker-registry") and TokenServer is not None, "no registry, or no python3-jwt")
class PushWithTokens(ContainerTest):
    def setUp(self):
        super().setUp()
        users = {"anna": ("secret", {"team/bot": ["pull", "push"]}), "bob": ("secret", {"team/bot": ["pull"]})}
        self.tokens = TokenServer(self.path(), users)
        self.addCleanup(self.tokens.stop)
        self.registry = Registry(self.path(), tokens=self.tokens)
        self.addCleanup(self.registry.stop)
        self.manifest(f"{{image: '{self.registry.host}/team/bot:1.0'}}")

    def login(self, name, password="secret"):
        return {**login_file(self.path(), self.registry.host, name, password), "SSL_CERT_FILE": self.tokens.certificate_file}

    def test_tokens_are_asked_for_what_is_done_and_no_more(self):
        self.deploy(environment=self.login("anna"))
        self.assertTrue(self.tokens.asked)
        for name, scope, _ in self.tokens.asked:
            self.assertEqual(name, "anna")
            kind, repository, actions = scope.split(":")
            self.assertEqual((kind, repository), ("repository", "team/bot"))
            self.assertIn(sorted(actions.split(",")), (["pull"], ["pull", "push"]))  # the registry shuffles them
        status = self.good(*self.command("status"), environment=self.login("bob")).stdout.decode()
        self.assertRegex(status, r"team/bot:1.0@sha256:[0-9a-f]{64}")

    def test_a_registry_whose_certificate_nobody_knows_is_sent_nothing(self):
        stranger = {**self.login("anna"), "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}
        self.bad(77, *self.command("deploy"), "--yes", words=["push", self.registry.host, "certificate"],
                 environment=stranger, timeout=300)
        self.assertEqual(self.tokens.asked, [])

    def test_who_may_only_read_is_told(self):
        self.bad(77, *self.command("deploy"), "--yes", words=["push", self.registry.host], environment=self.login("bob"))
        self.bad(77, *self.command("deploy"), "--yes", words=["push", self.registry.host],
                 environment=self.login("anna", "wrong"))
        self.assertTrue(all("push" not in granted for _, _, granted in self.tokens.asked))


@unittest.skipUnless(have("skopeo"), "no skopeo")
class Skopeo(ContainerTest):
    def test_both_forms_of_the_archive_are_read(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.manifest("{image: 'localhost/bot:1.0'}", "model.gguf")
        self.deploy()
        for form in ("oci-archive", "docker-archive"):
            done = subprocess.run(["skopeo", "inspect", f"{form}:{self.path('bot.tar')}"], capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            about = json.loads(done.stdout)
            self.assertEqual((about["Os"], len(about["Layers"])), ("linux", 2))
            self.assertEqual(about["Labels"]["org.opencontainers.image.title"], "bot")
        done = subprocess.run(["skopeo", "--insecure-policy", "copy", f"oci-archive:{self.path('bot.tar')}",
                               f"dir:{self.path('out')}"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())


@unittest.skipIf(podman_engine.why_not(), podman_engine.why_not())
class Podman(ContainerTest):
    NAME = f"sixfold-test-{os.getpid()}"

    def setUp(self):
        super().setUp()
        self.podman = podman_engine.Podman(self, self.path())
        self.addCleanup(self.podman.remove_all)
        self.tag = f"localhost/{self.NAME}:1.0"

    def start(self, *flags, command=()):
        """With everything taken away that can be.  A command of its own listens in the host's network."""
        port = free_port()
        network = ["--network", "host"] if command else ["-p", f"127.0.0.1:{port}:8080"]
        command = [str(port) if word == "8080" else "127.0.0.1" if word == "0.0.0.0" else word for word in command]
        self.podman("run", "-d", "--name", self.NAME, "--read-only", "--cap-drop", "all", "--security-opt",
                    "no-new-privileges", "--memory", "512m", "--pids-limit", "64", *network, *flags, self.tag, *command)
        url = f"http://127.0.0.1:{port}"
        self.podman.wait_ready(self.NAME, url)
        return url

    def complete(self, url):
        body = json.dumps({"model": "bot", "prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}).encode()
        request = urllib.request.Request(url + "/v1/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["choices"][0]["text"]

    def expected(self):
        with program.Server("--name", "bot") as server:
            return self.complete(server.url)

    def test_the_image_answers_without_rights_and_with_limits(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.manifest(f"{{image: '{self.tag}'}}", "model.gguf")
        self.deploy()
        self.podman("load", "-i", self.path("bot.tar"))
        url = self.start("--cpus", "1")
        self.assertEqual(self.complete(url), self.expected())
        pid = int(self.podman("inspect", "-f", "{{.State.Pid}}", self.NAME).stdout)
        status = read(f"/proc/{pid}/status").decode()
        self.assertIn("Uid:\t65532\t65532\t65532\t65532", status)
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)
        one = len(os.listdir(f"/proc/{pid}/task"))
        begun = time.monotonic()
        self.podman("stop", "-t", "20", self.NAME)
        self.assertLess(time.monotonic() - begun, 15)
        self.assertEqual(self.podman("inspect", "-f", "{{.State.ExitCode}}", self.NAME).stdout.strip(), b"0")
        self.podman("rm", self.NAME)
        if os.cpu_count() < 2:
            return
        self.start("--cpus", "2")
        pid = int(self.podman("inspect", "-f", "{{.State.Pid}}", self.NAME).stdout)
        two = len(os.listdir(f"/proc/{pid}/task"))
        self.assertEqual(two, one + 1, "one more core of quota is one more thread")

    def test_a_model_is_an_image_of_its_own(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.manifest(f"{{image: '{self.tag}'}}")
        self.deploy()
        self.podman("load", "-i", self.path("bot.tar"))
        weights = f"localhost/{self.NAME}-weights:1"
        self.addCleanup(self.podman, "rmi", "-f", weights, check=False)
        self.manifest(f"{{image: '{weights}', contents: model}}", "model.gguf", name="weights")
        self.deploy()
        index, pairs = self.image(self.path("weights.tar"))
        self.assertEqual([row["platform"]["architecture"] for row in index["manifests"]], ["amd64", "arm64"])
        self.assertEqual(len({manifest["layers"][0]["digest"] for manifest, _ in pairs}), 1)
        self.assertEqual([set(config["config"]) for _, config in pairs], [{"Labels"}] * 2)
        self.podman("load", "-i", self.path("weights.tar"))
        url = self.start("--mount", f"type=image,source={weights},destination=/models,rw=false",
                         command=["serve", "/models/model.gguf", "--name", "bot", "--host", "0.0.0.0", "--port", "8080"])
        self.assertEqual(self.complete(url), self.expected())

    @unittest.skipUnless(have("docker-registry"), "no registry")
    def test_a_model_is_pulled_into_a_read_only_container(self):
        registry = Registry(self.path())
        self.addCleanup(registry.stop)
        registry.put_model("org/tiny", "1", [("model.gguf", MODELPACK + "weight.v1.raw", read(BUILTIN))])
        self.manifest(f"{{image: '{self.tag}', model: pulled}}", f"oci:{registry.host}/org/tiny:1")
        self.deploy()
        _, [(manifest, config)] = self.image()
        self.assertEqual(len(manifest["layers"]), 1)
        self.podman("load", "-i", self.path("bot.tar"))
        # A new volume takes over the owner of the folder in the image.
        url = self.start("-v", f"{self.NAME}:/models", command=config["config"]["Cmd"])
        self.assertEqual(self.complete(url), self.expected())


if __name__ == "__main__":
    unittest.main()
