"""sixfold deploy kubernetes against a real cluster: only where KUBECONFIG names one that answers.

SIXFOLD_TEST_IMAGE: an image of sixfold with its built-in model that the cluster can pull (made by `sixfold deploy
container`); without it, objects are only checked by the server.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import yaml

import program
from oci_registry import free_port

MANIFESTS = os.path.join(program.SOURCE_DIR, "test/deploy/manifests")
SPACE = f"sixfold-test-{os.getpid()}"
IMAGE = os.environ.get("SIXFOLD_TEST_IMAGE", "")
# What a server says of a kind whose definition nobody has installed.
NO_SUCH_KIND = re.compile(r"no matches for kind|could not find the requested resource|resource mapping not found")


def kubectl(*arguments, text_in=None, timeout=120):
    return subprocess.run(["kubectl", *arguments], input=text_in, capture_output=True, text=True, timeout=timeout,
                          check=False)


def why_no_cluster():
    """Empty when there is one."""
    if not os.environ.get("KUBECONFIG"):
        return "KUBECONFIG names no cluster"
    if shutil.which("kubectl") is None:
        return "kubectl is not installed"
    try:
        done = kubectl("version", "--output", "json", "--request-timeout", "10s", timeout=60)
        if done.returncode == 0 and "serverVersion" in json.loads(done.stdout):
            return ""
        return f"no server answers: {done.stderr.strip()}"
    except (subprocess.TimeoutExpired, ValueError) as error:
        return f"no server answers: {error}"


class ClusterTest(program.HomeTest):
    """In a namespace of its own, which goes away with everything in it."""

    @classmethod
    def setUpClass(cls):
        made = kubectl("create", "namespace", SPACE)
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        cls.addClassCleanup(kubectl, "delete", "namespace", SPACE, "--wait=true", "--timeout=300s", timeout=400)
        # What sixfold renders has to pass the strictest profile.
        labelled = kubectl("label", "namespace", SPACE, "pod-security.kubernetes.io/enforce=restricted")
        if labelled.returncode != 0:
            raise AssertionError(labelled.stderr)

    def environment(self, extra=None):
        # The cluster is reached, and who asks is known, as outside of tests.
        return {"SIXFOLD_HOME": self.path("sixfold"), **(extra or {})}

    def plan(self, manifest, name):
        """The rendered objects of a manifest (a value), in this test's namespace."""
        manifest["targets"] = {"kubernetes": {**manifest["targets"]["kubernetes"], "namespace": SPACE}}
        with open(self.path(name), "w", encoding="utf-8") as file:
            yaml.safe_dump(manifest, file)
        out = self.path("out", name)
        self.good("plan", "kubernetes", "--file", self.path(name), "--out", out)
        texts = {}
        for file_name in sorted(os.listdir(os.path.join(out, "kubernetes"))):
            if file_name != "kustomization.yaml":
                with open(os.path.join(out, "kubernetes", file_name), encoding="utf-8") as file:
                    texts[file_name] = file.read()
        return texts


class DryRun(ClusterTest):
    def test_the_server_takes_every_object(self):
        skipped = set()
        for name in sorted(os.listdir(MANIFESTS)):
            with open(os.path.join(MANIFESTS, name), encoding="utf-8") as file:
                manifest = yaml.safe_load(file)
            for file_name, text in self.plan(manifest, name).items():
                with self.subTest(f"{name} {file_name}"):
                    done = kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict",
                                   "--field-manager=sixfold", "-f", "-", text_in=text)
                    if done.returncode != 0 and NO_SUCH_KIND.search(done.stderr):
                        skipped.add(yaml.safe_load(text)["kind"])
                        continue
                    self.assertEqual(done.returncode, 0, done.stderr)
                    # A pod that the profile forbids is only warned of, where a Deployment would make it.
                    self.assertNotIn("PodSecurity", done.stderr)
        if skipped:
            print("the cluster has no definition of:", ", ".join(sorted(skipped)), flush=True)


@unittest.skipUnless(IMAGE, "SIXFOLD_TEST_IMAGE names no image that the cluster can pull")
class Rollout(ClusterTest):
    def write_manifest(self, name="bot", **more):
        section = {"namespace": SPACE, "image": IMAGE, "resources": {"cpu": "100m", "memory": "512Mi"}, **more}
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump({"apiVersion": "sixfold/v1", "name": name, "targets": {"kubernetes": section}}, file)

    def command(self, verb):
        yes = () if verb in ("plan", "status") else ("--yes",)
        done = self.good(verb, "kubernetes", "--file", self.path("sixfold.yaml"), *yes, timeout=2400)
        return done.stdout.decode() + done.stderr.decode()

    def complete(self, url):
        body = json.dumps({"model": "bot", "prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}).encode()
        request = urllib.request.Request(url + "/v1/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["choices"][0]["text"]

    def assert_answers(self):
        port = free_port()
        forward = subprocess.Popen(["kubectl", "--namespace", SPACE, "port-forward", "service/bot", f"{port}:80"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    answer = self.complete(f"http://127.0.0.1:{port}")
                    break
                except (urllib.error.URLError, ConnectionError):
                    if forward.poll() is not None:
                        self.fail(forward.stderr.read().decode())
                    self.assertLess(time.monotonic(), deadline, "no answer through kubectl port-forward")
                    time.sleep(0.5)
        finally:
            if forward.poll() is None:
                forward.send_signal(signal.SIGTERM)
            forward.wait(30)
            forward.stderr.close()
        with program.Server("--name", "bot") as server:
            self.assertEqual(answer, self.complete(server.url))

    def deployment(self):
        done = kubectl("--namespace", SPACE, "get", "deployment", "bot", "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def kinds(self):
        done = kubectl("--namespace", SPACE, "get", "deployment,service,networkpolicy,poddisruptionbudget", "--output",
                       "name", "--selector", "app.kubernetes.io/instance=bot")
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted(line.split("/")[0].split(".")[0] for line in done.stdout.split())

    def test_from_a_manifest_to_an_answer_and_away(self):
        self.addCleanup(self.run_program, "undeploy", "kubernetes", "--file", self.path("sixfold.yaml"), "--yes")
        self.write_manifest()
        self.assertIn("revision 1 is deployed", self.command("deploy"))
        self.assertEqual(self.deployment()["status"]["readyReplicas"], 1)
        self.assert_answers()
        self.assertIn("what the manifest says", self.command("deploy"))

        self.write_manifest(env={"SIXFOLD_LOG_JSON": "1"}, network_policy=False)
        self.command("deploy")
        self.assertEqual(self.kinds(), ["deployment", "poddisruptionbudget", "service"])
        self.assert_answers()

        self.assertIn("revision 3 has the files of revision 1", self.command("rollback"))
        container = self.deployment()["spec"]["template"]["spec"]["containers"][0]
        self.assertNotIn("SIXFOLD_LOG_JSON", [row["name"] for row in container["env"]])
        self.assertEqual(self.kinds(), ["deployment", "networkpolicy", "poddisruptionbudget", "service"])
        self.assert_answers()

        self.assertIn("bot", self.command("status"))
        self.command("undeploy")
        self.assertEqual(self.kinds(), [])


if __name__ == "__main__":
    reason = why_no_cluster()
    if reason:
        print("skipped:", reason)
        sys.exit(77)
    unittest.main()
