"""sixfold deploy compose: from sixfold.yaml to an answer, with the program for Compose files that the machine has, and
which one that is."""
import contextlib
import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import program
from oci_registry import free_port

IMAGE = f"localhost/sixfold-compose-{os.getpid()}:1.0"


class ComposeTest(program.HomeTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def manifest(self, compose, name="bot", more=""):
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            file.write(f"apiVersion: sixfold/v1\nname: '{name}'\n{more}targets:\n"
                       f"  container: {{image: '{IMAGE}', archive: image.tar}}\n  compose: {compose}\n")

    def command(self, verb, target="compose", *arguments):
        yes = () if verb in ("plan", "status") else ("--yes",)
        return (verb, target, "--file", self.path("sixfold.yaml"), *yes, *arguments)

    def said(self, verb, *arguments):
        done = self.good(*self.command(verb), *arguments)
        return done.stdout.decode() + done.stderr.decode()

    def chosen(self):
        """The plan's words on the first step."""
        return json.loads(self.said("plan", "--json"))[0]["steps"][0]["does"]


class Real(ComposeTest):
    """Everything is real; without an engine there is nothing to test."""

    def setUp(self):
        super().setUp()
        with open(self.path("containers.conf"), "w", encoding="ascii") as file:
            file.write("[containers]\ndefault_ulimits=[\"nofile=4096:4096\",\"nproc=4096:4096\"]\n"
                       "[engine]\nruntime=\"runc\"\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"file\"\n"
                       f"[network]\nnetwork_config_dir=\"{self.path('networks')}\"\n")
        with open(self.path("storage.conf"), "w", encoding="ascii") as file:
            file.write(f"[storage]\ndriver=\"overlay\"\ngraphroot=\"{self.path('storage')}\"\n"
                       f"runroot=\"{self.path('run')}\"\n")
        self.manifest(f"{{image: '{IMAGE}', port: {self.port}, memory: 512m, cpus: 1}}")
        found = re.match("(docker compose|docker-compose|podman compose|podman-compose) starts", self.chosen())
        if found is None or os.geteuid() != 0:
            self.skipTest(f"not root, or {self.chosen()}")
        self.engine = found[1].split()[0].split("-")[0]
        self.addCleanup(self.clean)
        self.good(*self.command("deploy", "container"))
        self.tool("load", "-i", self.path("image.tar"))

    def environment(self, extra=None):
        own = {"CONTAINERS_CONF": self.path("containers.conf"), "CONTAINERS_STORAGE_CONF": self.path("storage.conf")}
        return super().environment({**own, **(extra or {})})

    def tool(self, *arguments, check=True):
        done = subprocess.run([self.engine, *arguments], capture_output=True, text=True, timeout=300, check=False,
                              env={**os.environ, **self.environment()})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def clean(self):
        self.run_program(*self.command("undeploy"))
        for project in ("bot", "other"):
            self.tool("rm", "-f", *self.containers(project), check=False)
            self.tool("volume", "rm", f"{project}_models", check=False)
        self.tool("rmi", "-f", IMAGE, check=False)

    def containers(self, project="bot"):
        return self.tool("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={project}").split()

    def complete(self, url):
        body = json.dumps({"model": "bot", "prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}).encode()
        request = urllib.request.Request(url + "/v1/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["choices"][0]["text"]

    def url(self, port=None):
        return f"http://127.0.0.1:{port or self.port}"

    def assert_answers(self, port):
        with program.Server("--name", "bot") as server:
            self.assertEqual(self.complete(self.url(port)), self.complete(server.url))

    def assert_silent(self, port):
        with self.assertRaises((urllib.error.URLError, ConnectionError)):
            self.complete(self.url(port))

    def test_from_a_manifest_to_an_answer_and_away(self):
        self.assertIn("revision 1 is deployed", self.said("deploy"))
        self.assert_answers(self.port)
        (first,) = self.containers()
        inspected = json.loads(self.tool("inspect", first))[0]
        self.assertTrue(inspected["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(inspected["HostConfig"]["Memory"], 512 << 20)
        self.assertIn("bot", self.said("status"))
        self.assertIn(first[:12], self.said("status"))
        self.assertIn("what the manifest says", self.said("deploy"))
        self.assertEqual(self.containers(), [first])

        second = free_port()
        self.manifest(f"{{image: '{IMAGE}', port: {second}}}")
        self.said("deploy")
        self.assert_answers(second)
        self.assert_silent(self.port)
        self.assertEqual(len(self.containers()), 1)

        self.assertIn("revision 3 has the files of revision 1", self.said("rollback"))
        self.assert_answers(self.port)
        self.assert_silent(second)

        self.said("undeploy")
        self.assert_silent(self.port)
        self.assertEqual(self.containers(), [])
        self.assertEqual(self.tool("network", "ls", "--quiet", "--filter", "label=com.docker.compose.project=bot"), "")

    def test_a_model_that_is_in_the_image(self):
        shutil.copy(program.BUILTIN, self.path("model.gguf"))
        self.manifest(f"{{image: '{IMAGE}', port: {self.port}, model: {{from: image, path: model.gguf}}}}",
                      more="model: {source: model.gguf}\n")
        self.good(*self.command("deploy", "container"))
        self.tool("load", "-i", self.path("image.tar"))
        self.said("deploy")
        self.assert_answers(self.port)

    def test_a_project_with_another_name_replaces_the_one_before(self):
        self.said("deploy")
        self.manifest(f"{{image: '{IMAGE}', port: {self.port}, name: other}}")
        self.said("deploy")
        self.assert_answers(self.port)
        self.assertEqual((len(self.containers("bot")), len(self.containers("other"))), (0, 1))

    def test_dollars_are_dollars(self):
        self.manifest(f"{{image: '{IMAGE}', port: {self.port}, name: bot}}", name="$HOME ${X} $$")
        self.said("deploy")
        with urllib.request.urlopen(self.url() + "/v1/models", timeout=60) as response:
            self.assertEqual(json.load(response)["data"][0]["id"], "$HOME ${X} $$")

    def test_what_does_not_start_is_no_success(self):
        self.manifest(f"{{image: 'localhost:{free_port()}/none:1.0', port: {self.port}}}")
        done = self.bad(69, *self.command("deploy"), words=["step 1 of 2, up"], timeout=300)
        self.assertIn("none:1.0", done.stderr.decode())
        self.assertIn("partial", self.said("status"))
        self.manifest(f"{{image: '{IMAGE}', port: {self.port}}}")
        self.said("deploy")
        self.assert_answers(self.port)


# Stands for an engine: writes down what it is asked for, and has an answer or a fault for what finds out whether it works.
TOOL = """#!/bin/sh
name=$(basename "$0")
echo "$name $*" >> "$ENGINE_LOG"
case "$name $*" in
  "docker version"*) if [ -f "$ENGINE_LOG.no-daemon" ]; then echo "Cannot connect to the Docker daemon"; exit 1; fi ;;
  "podman compose "*) echo "Error: unrecognized command"; exit 125 ;;
  "podman ps --filter "*) [ -f "$ENGINE_LOG.nothing-runs" ] || echo 0123456789ab ;;
esac
"""


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.server.asked += 1
        self.send_response(503 if self.server.asked < 3 else 200)
        self.end_headers()

    def log_message(self, *unused):
        pass


class Choice(ComposeTest):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("bin"))
        for tool in ("sh", "basename"):
            os.symlink(shutil.which(tool), self.path("bin", tool))
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Ready)
        self.server.asked = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.manifest(f"{{image: 'r.example/bot:1', port: {self.server.server_port}}}")

    def environment(self, extra=None):
        return super().environment({"PATH": self.path("bin"), "ENGINE_LOG": self.path("log"), "DOCKER_HOST": "",
                                    "DOCKER_CONTEXT": "", "CONTAINER_HOST": "", **(extra or {})})

    def install(self, *tools):
        for tool in tools:
            with open(self.path("bin", tool), "w", encoding="ascii") as file:
                file.write(TOOL)
            os.chmod(self.path("bin", tool), stat.S_IRWXU)

    def calls(self):
        """What engines were asked to do since the last time, without folders and questions."""
        with contextlib.suppress(FileNotFoundError):
            with open(self.path("log"), encoding="utf-8") as file:
                lines = file.read().splitlines()
            os.remove(self.path("log"))
            lines = [re.sub(r"--file \S*/revisions/(\d+)/compose.yaml", r"\1", line) for line in lines]
            return [line for line in lines if "version" not in line]
        return []

    def test_the_first_that_answers_is_taken_and_the_plan_says_which(self):
        self.install("podman-compose", "podman")
        self.assertEqual(self.chosen(), "podman-compose starts the project bot")
        self.install("docker-compose")
        self.assertEqual(self.chosen(), "docker-compose starts the project bot")
        self.install("docker")
        self.assertEqual(self.chosen(), "docker compose starts the project bot")
        with open(self.path("log.no-daemon"), "w", encoding="ascii"):
            pass
        self.assertEqual(self.chosen(), "podman-compose starts the project bot")
        self.assertEqual(self.calls(), [])

    def test_without_any_all_are_named(self):
        self.install("docker", "podman")
        with open(self.path("log.no-daemon"), "w", encoding="ascii"):
            pass
        faults = ["docker compose: Cannot connect to the Docker daemon", "docker-compose: not on PATH",
                  "podman compose: Error: unrecognized command", "podman-compose: not on PATH"]
        for fault in faults:
            self.assertIn(fault, self.chosen())
        self.bad(66, *self.command("deploy"), words=["step 1 of 2, up", *faults, "done before: nothing"])
        self.said("undeploy")
        self.install("podman-compose")
        self.assertIn("deployed", self.said("deploy"))

    def test_docker_updates_by_itself_and_is_asked_to_wait_for_answers(self):
        self.install("docker")
        self.said("deploy")
        self.assertEqual(self.calls(), ["docker compose --project-name bot 1 up --detach --remove-orphans"])
        self.assertEqual(self.server.asked, 3)
        self.manifest(f"{{image: 'r.example/bot:2', name: other, port: {self.server.server_port}}}")
        self.said("deploy")
        self.assertEqual(self.calls(), ["docker compose --project-name bot 1 down --timeout 60",
                                        "docker compose --project-name other 2 up --detach --remove-orphans"])
        self.said("status")
        self.assertEqual(self.calls(), ["docker ps --filter label=com.docker.compose.project=other --all"])
        self.said("undeploy")
        self.assertEqual(self.calls(), ["docker compose --project-name other 2 down --timeout 60"])

    def test_who_started_a_project_goes_on_with_it(self):
        self.install("podman-compose", "podman")
        self.said("deploy")
        self.install("docker")
        self.manifest(f"{{image: 'r.example/bot:2', port: {self.server.server_port}}}")
        self.calls()
        self.assertEqual(self.chosen(), "podman-compose starts the project bot")
        self.said("deploy")
        label = "label=com.docker.compose.project=bot"
        self.assertEqual(self.calls(), ["podman-compose --project-name bot 2 down --timeout 60",
                                        "podman-compose --project-name bot 2 up --detach --remove-orphans",
                                        f"podman ps --filter {label} --quiet"])
        os.remove(self.path("bin/podman-compose"))
        self.bad(69, *self.command("undeploy"), words=["podman-compose has started the project", "not on PATH"])
        self.install("podman-compose")
        self.said("undeploy")
        self.assertEqual(self.chosen(), "docker compose starts the project bot")

    def test_an_engine_that_calls_nothing_a_success_is_not_believed(self):
        self.install("podman-compose", "podman")
        with open(self.path("log.nothing-runs"), "w", encoding="ascii"):
            pass
        self.bad(69, *self.command("deploy"), words=["step 1 of 2, up", "no container runs"])

    def test_an_engine_elsewhere_is_not_asked_whether_the_server_answers(self):
        self.install("docker")
        done = self.good(*self.command("deploy"), environment={"DOCKER_HOST": "ssh://elsewhere"})
        self.assertIn("works on another machine", done.stderr.decode())
        self.assertEqual(self.server.asked, 0)

    def test_addresses_are_those_of_machines(self):
        for address, port in [("::1", "[::1]:9000:8080"), ("0.0.0.0", "0.0.0.0:9000:8080")]:
            self.manifest(f"{{image: 'r.example/bot:1', port: 9000, address: '{address}'}}")
            self.assertIn(port, self.said("plan", "--show"))
        self.manifest("{image: 'r.example/bot:1', address: 'my host'}")
        self.bad(65, *self.command("plan"), words=["want an IP address"])

    def test_models_are_pulled_or_in_the_image(self):
        here, there = "model: {source: here.gguf}\n", "model: {source: 'hf:org/name/model.gguf'}\n"
        for model, more, word in [
            ("{}", here, "lies on this machine"), ("{from: image}", here, "want the model's path"),
            ("{from: image, path: ../x}", here, "want a path below /models"),
            ("{from: pull, path: x.gguf}", there, "has no path"), ("{from: volume}", there, "one of pull, image")]:
            self.manifest(f"{{image: 'r.example/bot:1', model: {model}}}", more=more)
            self.bad(65, *self.command("plan"), words=["sixfold.yaml:", word])
        self.manifest("{image: 'r.example/bot:1'}", more=there)
        self.assertIn('- "models:/models"', self.said("plan", "--show"))
        self.manifest("{image: 'r.example/bot:1', model: {from: image, path: x.gguf}}", more=here)
        shown = self.said("plan", "--show")
        self.assertIn("/models/x.gguf", shown)
        self.assertNotIn("models:/models", shown)


if __name__ == "__main__":
    unittest.main()
