"""The rendered Deployment runs: podman kube play reads it as a cluster would, and its pod answers as the program does."""
import json
import os
import shutil
import subprocess
import unittest
import urllib.request

import yaml

import chart_tool
import podman_engine
import program
from hub_server import Hub, Repository
from oci_registry import free_port
from program import BUILTIN

# podman makes a pod's first container out of this program.
HAS_PAUSE = any(map(os.path.exists, ("/usr/libexec/podman/catatonit", "/usr/local/libexec/podman/catatonit"))) or \
    shutil.which("catatonit")
MEMORY = 512 << 20
QUESTION = {"model": "bot", "max_tokens": 16, "temperature": 0,
            "messages": [{"role": "user", "content": "Tell me of a cat and the moon."}]}


def answer(url):
    request = urllib.request.Request(url + "/v1/chat/completions", json.dumps(QUESTION).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        choice = json.load(response)["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


@unittest.skipIf(podman_engine.why_not(), podman_engine.why_not())
@unittest.skipUnless(HAS_PAUSE, "no catatonit, of which podman makes pods")
class PlayTest(program.HomeTest):
    """From sixfold.yaml to a pod that podman runs."""

    POD, SERVER = "bot-pod-0", "bot-pod-0-server"

    def setUp(self):
        super().setUp()
        self.podman = podman_engine.Podman(self, self.path())
        self.addCleanup(self.podman.remove_all)
        self.tag = f"localhost/sixfold-test-{os.getpid()}:1.0"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def load(self, container, kubernetes, source=None):
        """From sixfold.yaml to podman's store and the rendered Deployment."""
        self.manifest = {"apiVersion": "sixfold/v1", "name": "bot",
                    "targets": {"container": {"image": self.tag, "archive": "bot.tar", **container},
                                "kubernetes": {"image": self.tag, "resources": {"cpu": "500m", "memory": "512Mi"},
                                               **kubernetes}}}
        if source is not None:
            self.manifest["model"] = {"source": source}
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(self.manifest, file)
        self.good("deploy", "container", "-f", self.path("sixfold.yaml"), "--yes")
        self.podman("load", "-i", self.path("bot.tar"))
        self.good("plan", "kubernetes", "-f", self.path("sixfold.yaml"), "--out", self.path("out"))
        with open(self.path("out/kubernetes/deployment.yaml"), encoding="utf-8") as file:
            return yaml.safe_load(file)

    def play(self, deployment, *flags):
        with open(self.path("played.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(deployment, file)
        self.podman("kube", "play", *flags, self.path("played.yaml"))
        self.podman.wait_ready(self.SERVER, self.url)

    def publish(self, deployment):
        """The one thing that is not as rendered: podman opens a container's port to everybody, a test to nobody else."""
        [server] = deployment["spec"]["template"]["spec"]["containers"]
        server["ports"][0].update({"hostIP": "127.0.0.1", "hostPort": self.port})
        return deployment

    def assert_answers(self):
        with program.Server("--name", "bot") as local:
            expected = answer(local.url)
        self.assertTrue(expected[0])
        self.assertEqual(answer(self.url), expected)

    def assert_has_no_rights(self):
        about = self.podman.inspect(self.SERVER)
        self.assertTrue(about["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(about["HostConfig"]["Memory"], MEMORY)
        with open(f"/proc/{about['State']['Pid']}/status", encoding="ascii") as file:
            status = file.read()
        for line in ("Uid:\t65532\t65532\t65532\t65532", "Gid:\t65532\t65532\t65532\t65532",
                     "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
            self.assertIn(line, status)

    def take_down(self, claims=()):
        """Nothing stays but the claims, which hold what belongs to people, and the images."""
        self.podman("kube", "down", self.path("played.yaml"))
        self.assertEqual((self.podman.names("pod ps"), self.podman.names("ps", "--all")), ([], []))
        self.assertEqual(self.podman.names("volume ls"), list(claims))
        self.podman.remove_all()
        self.assertEqual((self.podman.names("volume ls"), self.podman.names("images", "--all")), ([], []))


class KubePlay(PlayTest):
    def test_a_model_in_the_image(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        deployment = self.load({}, {"model": {"from": "image", "path": "model.gguf"}}, "model.gguf")
        self.play(self.publish(deployment))
        self.assert_answers()
        self.assert_has_no_rights()
        self.take_down()

    def test_a_model_on_a_claim(self):
        deployment = self.load({}, {"model": {"from": "claim", "claim": "bot-model", "path": "tiny/model.gguf"}})
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "bot-model"},
                 "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
        with open(self.path("claim.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(claim, file)
        self.podman("kube", "play", self.path("claim.yaml"))
        os.mkdir(self.path("tiny"))
        shutil.copy(BUILTIN, self.path("tiny/model.gguf"))
        subprocess.run(["tar", "-C", self.path(), "-cf", self.path("model.tar"), "tiny"], check=True)
        self.podman("volume", "import", "bot-model", self.path("model.tar"))
        self.play(self.publish(deployment))
        self.assert_answers()
        [mount] = [m for m in self.podman.inspect(self.SERVER)["Mounts"] if m["Destination"] == "/models"]
        self.assertEqual((mount["Name"], mount["RW"]), ("bot-model", False))
        self.take_down(claims=["bot-model"])

    def test_a_model_that_the_pod_pulls(self):
        with open(BUILTIN, "rb") as file:
            hub = Hub({"org/name": Repository({"model.gguf": file.read()}, large=["model.gguf"])})
        self.addCleanup(hub.stop)
        deployment = self.load({"model": "pulled"}, {"model": {"from": "pull", "size": "1Gi"},
                                                     "env": {"HF_ENDPOINT": hub.url}}, "hf:org/name/model.gguf")
        # The hub is on this machine's loopback, so the pod is in this machine's network, where it has no ports of its own.
        pod = deployment["spec"]["template"]["spec"]
        [server] = pod["containers"]
        replaced = {"0.0.0.0": "127.0.0.1", "8080": str(self.port)}
        server["args"] = [replaced.get(word, word) for word in server["args"]]
        del server["ports"]
        # Older podman (4.3) starts init containers again and again when pods are always started again, which is what a
        # Deployment without that word means.
        pod["restartPolicy"] = "OnFailure"
        self.play(deployment, "--network", "host")
        self.assert_answers()
        self.assert_has_no_rights()
        self.assertEqual((hub.violations, hub.storage_bytes), ([], os.path.getsize(BUILTIN)))
        self.take_down()


class HelmPlay(chart_tool.ChartTest, PlayTest):
    def test_a_chart_s_deployment(self):
        shutil.copy(BUILTIN, self.path("model.gguf"))
        self.load({}, {"model": {"from": "image", "path": "model.gguf"}}, "model.gguf")
        self.manifest["targets"]["helm"] = self.manifest["targets"]["kubernetes"]
        objects = self.render(self.chart(self.manifest), {"replicas": 1}, name="bot")
        self.play(self.publish(objects["Deployment", "bot"]))
        self.assert_answers()
        self.take_down()


if __name__ == "__main__":
    unittest.main()
