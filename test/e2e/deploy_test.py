"""sixfold plan, deploy, status, rollback and undeploy: what they write and say, and what is left after a cut."""
import json
import os
import shutil
import signal
import stat
import subprocess
import time
import unittest

import program

# Stands for kubectl where there is no cluster: takes the calls that we make and no others, writes them down, and fails or
# waits when a file says so.
KUBECTL = r"""#!/bin/sh
echo "$*" >> "$KUBECTL_LOG"
case "$*" in
  "apply --server-side --field-manager=sixfold -k "*) test -f "$6/kustomization.yaml" || test -f "$5/kustomization.yaml" || exit 3 ;;
  "delete --ignore-not-found -k "*) test -f "$4/kustomization.yaml" || exit 3 ;;
  "delete --ignore-not-found -f "*) test -f "$4" || exit 3 ;;
  *"rollout status deployment/"*) ;;
  *"get deployment,pods -l "*) echo "deployment is fine" ;;
  *) echo "kubectl: unexpected: $*" >&2; exit 2 ;;
esac
if [ -f "$KUBECTL_LOG.wait" ]; then sleep 30; fi
if [ -f "$KUBECTL_LOG.fail" ] && echo "$*" | grep -q "$(cat "$KUBECTL_LOG.fail")"; then echo "error: the server is on fire" >&2; exit 1; fi
exit 0
"""

MANIFEST = """apiVersion: sixfold/v1
name: bot
targets:
  kubernetes:
    image: registry.example/bot:1
"""


class DeployTest(program.HomeTest):
    def setUp(self):
        super().setUp()
        self.file = self.path("sixfold.yaml")
        self.log = self.path("kubectl.log")
        os.makedirs(self.path("bin"))
        tool = self.path("bin/kubectl")
        with open(tool, "w", encoding="ascii") as file:
            file.write(KUBECTL)
        os.chmod(tool, os.stat(tool).st_mode | stat.S_IXUSR)
        self.write_manifest(MANIFEST)

    def environment(self, extra=None):
        path = self.path("bin") + ":" + os.environ["PATH"]
        return super().environment({"PATH": path, "KUBECTL_LOG": self.log, **(extra or {})})

    def write_manifest(self, text):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def calls(self):
        """What kubectl was asked for since the last time."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as file:
            lines = file.read().splitlines()
        os.remove(self.log)
        return [line.replace(self.path(""), "") for line in lines]

    def said(self, *arguments, **more):
        return self.good(*arguments, **more).stdout.decode()

    def refused(self, *arguments, **more):
        """What a command that fails says."""
        done = self.run_program(*arguments, **more)
        self.assertNotEqual(done.returncode, 0, done.stdout.decode())
        return done.stderr.decode()

    def deploy(self, *arguments, **more):
        return self.said(*arguments, "--file", self.file, "--yes", **more)

    def status(self):
        return json.loads(self.said("status", "kubernetes", "--file", self.file, "--json"))[0]

    def test_plan_writes_nothing_and_out_writes_files(self):
        before = sorted(os.listdir(self.path("")))
        plan = json.loads(self.said("plan", "--file", self.file, "--json"))
        self.assertEqual(sorted(os.listdir(self.path(""))), before)
        self.assertEqual([row["target"] for row in plan], ["kubernetes"])
        self.assertEqual(plan[0]["action"], "first")
        self.assertEqual([step["name"] for step in plan[0]["steps"]], ["apply", "rollout"])
        text = self.said("plan", "--file", self.file, "--out", self.path("out"))
        self.assertIn("+ deployment.yaml", text)
        written = sorted(os.listdir(self.path("out/kubernetes")))
        self.assertEqual(written, sorted(row["path"] for row in plan[0]["files"]))
        self.assertEqual(self.calls(), [])

    def test_kustomize_builds_what_is_rendered(self):
        real = shutil.which("kubectl", path=os.environ["PATH"])
        if real is None:
            self.skipTest("kubectl is not installed")
        manifests = os.path.join(os.environ["SIXFOLD_SOURCE_DIR"], "test/deploy/manifests")
        for name in sorted(os.listdir(manifests)):
            self.good("plan", "kubernetes", "--file", os.path.join(manifests, name), "--out", self.path(name))
            built = subprocess.run([real, "kustomize", self.path(name) + "/kubernetes"], capture_output=True, text=True)
            self.assertEqual(built.returncode, 0, built.stderr)
            objects = len(os.listdir(self.path(name) + "/kubernetes")) - 1
            self.assertEqual(built.stdout.count("\nkind: ") + built.stdout.startswith("kind: "), objects)

    def test_deploys_updates_rolls_back_and_goes_away(self):
        said = self.deploy("deploy", "kubernetes")
        self.assertIn("revision 1 is deployed", said)
        calls = self.calls()
        self.assertEqual(len(calls), 2)
        self.assertIn("apply --server-side --field-manager=sixfold -k", calls[0])
        self.assertIn("rollout status deployment/bot", calls[1])
        self.assertIn("what the manifest says", self.deploy("deploy", "kubernetes"))
        self.assertEqual(self.calls(), [])

        self.write_manifest(MANIFEST.replace("bot:1", "bot:2") + "    network_policy: false\n")
        self.deploy("deploy", "kubernetes")
        # What the new revision no longer has is deleted.
        self.assertEqual([call.split()[0:2] for call in self.calls()],
                         [["apply", "--server-side"], ["delete", "--ignore-not-found"], ["rollout", "status"]])
        self.assertEqual(self.status()["current"], 2)
        self.calls()

        self.assertIn("revision 3 has the files of revision 1", self.deploy("rollback", "kubernetes"))
        with open(self.path(".sixfold/bot/kubernetes/revisions/3/deployment.yaml"), encoding="utf-8") as file:
            self.assertIn("registry.example/bot:1", file.read())
        self.calls()
        self.deploy("undeploy", "kubernetes")
        self.assertEqual([call.split()[0:2] for call in self.calls()], [["delete", "--ignore-not-found"]])
        self.assertIsNone(self.status()["current"])

    def test_a_failed_step_says_what_is_done_and_the_same_command_goes_on(self):
        with open(self.log + ".fail", "w", encoding="ascii") as file:
            file.write("rollout")
        failed = self.refused("deploy", "kubernetes", "--file", self.file, "--yes")
        self.assertIn("step 2 of 2, rollout", failed)
        self.assertIn("the server is on fire", failed)
        self.assertIn("done before: apply", failed)
        self.assertEqual(self.status()["revisions"][0]["status"], "partial")
        os.remove(self.log + ".fail")
        self.calls()
        self.deploy("deploy", "kubernetes")
        self.assertEqual([call.split()[0] for call in self.calls()], ["rollout"])
        self.assertEqual(self.status()["revisions"][0]["status"], "complete")

    def test_ctrl_c_stops_the_tool_and_is_remembered_and_nobody_else_deploys_meanwhile(self):
        open(self.log + ".wait", "w", encoding="ascii").close()
        running = self.start_program("deploy", "kubernetes", "--file", self.file, "--yes")
        deadline = time.monotonic() + 60
        while not os.path.exists(self.log) and time.monotonic() < deadline:
            time.sleep(0.02)
        second = self.refused("deploy", "kubernetes", "--file", self.file, "--yes")
        self.assertIn("another sixfold is deploying this target", second)
        running.send_signal(signal.SIGINT)
        output = running.communicate(timeout=60)
        self.assertNotEqual(running.returncode, 0, output)
        self.assertIn("interrupted", output[1].decode())
        os.remove(self.log + ".wait")
        self.assertEqual(self.status()["revisions"][0]["status"], "partial")
        self.deploy("deploy", "kubernetes")
        self.assertEqual(self.status()["revisions"][0]["status"], "complete")

    def test_nobody_to_ask_means_no(self):
        refused = self.refused("deploy", "kubernetes", "--file", self.file)
        self.assertIn("Say --yes", refused)
        self.assertEqual(self.calls(), [])
        self.assertIsNone(self.status()["current"])

    def test_a_dry_run_shows_the_plan_and_changes_nothing(self):
        before = sorted(os.listdir(self.path("")))
        said = self.said("deploy", "kubernetes", "--file", self.file, "--dry-run")
        self.assertEqual(said, self.said("plan", "kubernetes", "--file", self.file))
        self.assertIn("+ deployment.yaml", said)
        plan = json.loads(self.said("deploy", "kubernetes", "--file", self.file, "--dry-run", "--json"))
        self.assertEqual(plan["action"], "first")
        self.assertEqual(sorted(os.listdir(self.path(""))), before)
        self.assertEqual(self.calls(), [])
        self.deploy("deploy", "kubernetes")
        plan = json.loads(self.said("deploy", "kubernetes", "--file", self.file, "--dry-run", "--yes", "--json"))
        self.assertEqual(plan["action"], "nothing")

    def test_names_of_targets_are_completed(self):
        script = self.said("completion", "bash") + """
            complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sixfold; echo "${COMPREPLY[*]}"; }
            complete_words sixfold deploy kub
            complete_words sixfold undeploy --yes hel
            complete_words sixfold push kubec
            complete_words sixfold plan --ou
        """
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=self.path("bin"), check=True)
        self.assertEqual(done.stdout.splitlines(), ["kubernetes", "helm", "kubectl", "--out"], done.stderr)

    def test_mistakes_are_named(self):
        self.assertIn("did you mean \"kubernetes\"", self.refused("plan", "kubernets", "--file", self.file))
        self.assertIn("no section targets.helm; the manifest has kubernetes",
                      self.refused("plan", "helm", "--file", self.file))
        self.assertIn("there is no such file", self.refused("plan", "--file", self.path("none.yaml")))
        self.assertIn("nothing is deployed", self.refused("undeploy", "kubernetes", "--file", self.file, "--yes"))
        self.write_manifest(MANIFEST.replace("image", "imagr"))
        self.assertIn("sixfold.yaml:5: unknown key \"imagr\"", self.refused("plan", "--file", self.file))
        self.write_manifest(MANIFEST.replace("kubernetes", "kubernets"))
        self.assertIn("did you mean \"kubernetes\"", self.refused("plan", "--file", self.file))

    def test_without_the_tool_nothing_is_half_done(self):
        os.remove(self.path("bin/kubectl"))
        failed = self.refused("deploy", "kubernetes", "--file", self.file, "--yes",
                          environment={"PATH": self.path("bin")})
        self.assertIn("kubectl: there is no such program on PATH", failed)
        self.assertIn("done before: nothing", failed)


if __name__ == "__main__":
    unittest.main()
